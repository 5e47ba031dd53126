import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Filters that do more than to filter. */
export const OF_FILTER: readonly Mutant[] = [
  {
    does: 'changes the batch that it is given',
    base: 'filter',
    changes: [code('      const kept', '      batch.values[0] = 0\n      const kept')],
    fails: ['filter.batch-unchanged'],
  },
  {
    does: 'returns columns of another length',
    base: 'filter',
    changes: [code('length: kept.length', 'length: batch.length')],
    fails: ['filter.whole'],
  },
  {
    does: 'keeps every second batch',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal !== 'metric') return ++count % 2 ? batch : { ...batch, length: 0, records: [] }",
      ),
      code('export default {', 'let count = 0\n\nexport default {'),
    ],
    fails: ['filter.deterministic'],
  },
]
