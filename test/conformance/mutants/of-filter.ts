import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Filters that do more than to filter. */
export const OF_FILTER: readonly Mutant[] = [
  {
    does: 'changes the batch that it is given',
    base: 'filter',
    changes: [code('      const kept', '      batch.values[0] = 0\n      const kept')],
    fails: ['filter.batch-unchanged', 'filter.deterministic'],
  },
  {
    does: 'changes a batch and puts it back',
    base: 'filter',
    changes: [
      code(
        '      const kept',
        '      const [first] = [batch.values[0]]\n      batch.values[0] = 0\n      batch.values[0] = first\n      const kept',
      ),
    ],
    fails: ['filter.batch-unchanged'],
  },
  {
    does: 'marks the records of warnings',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal !== 'metric') {\n        for (const { severity, labels } of batch.records) if (severity === 'warning') labels.loud = true\n        return batch\n      }",
      ),
    ],
    fails: ['filter.batch-unchanged'],
  },
  {
    does: 'empties a batch a while after it was filtered',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal !== 'metric') {\n        setTimeout(() => batch.records.splice(0), 40)\n        return batch\n      }",
      ),
    ],
    fails: ['filter.batch-unchanged'],
  },
  {
    does: 'throws when it is given a single record',
    base: 'filter',
    changes: [
      code(
        '    apply(batch) {\n',
        "    apply(batch) {\n      if (batch.length === 1) throw new Error('one is none')\n",
      ),
    ],
    fails: ['filter.whole', 'filter.deterministic'],
  },
  {
    does: 'cuts off what is beyond fifty records',
    base: 'filter',
    changes: [code('? [] : [i]))', '? [] : [i])).slice(0, 50)')],
    fails: ['filter.deterministic'],
  },
  {
    does: 'does something else with typed columns, as they come in a thread',
    base: 'filter',
    changes: [code('? [] : [i]))', '? [] : [i])).slice(ArrayBuffer.isView(batch.values) ? 1 : 0)')],
    fails: ['filter.typed-columns'],
  },
  {
    does: 'returns the same columns for every batch, filled anew',
    base: 'filter',
    changes: [
      code(
        '  open: () => ({',
        "  open: () => ({\n    made: { signal: 'metric', length: 0, series: [], values: [], times: [] },",
      ),
      code(
        '      if (kept.length === batch.length) return batch\n      return {\n',
        '      return Object.assign(this.made, {\n',
      ),
      code(
        '        times: kept.map((i) => batch.times[i]),\n      }',
        '        times: kept.map((i) => batch.times[i]),\n      })',
      ),
    ],
    fails: ['filter.batch-unchanged', 'filter.same-batch'],
  },
  {
    does: 'rounds values to texts',
    base: 'filter',
    changes: [
      code('values: kept.map((i) => batch.values[i])', 'values: kept.map((i) => batch.values[i].toFixed(2))'),
      code('      if (kept.length === batch.length) return batch\n', ''),
    ],
    fails: ['filter.whole'],
  },
  {
    does: 'gives log lines a severity that there is not',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal === 'log')\n        return { ...batch, records: batch.records.map((record) => ({ ...record, severity: 'high' })) }\n      if (batch.signal !== 'metric') return batch",
      ),
    ],
    fails: ['filter.whole'],
  },
  {
    does: 'returns columns of another length',
    base: 'filter',
    changes: [code('length: kept.length', 'length: batch.length')],
    fails: ['filter.whole'],
  },
  {
    does: 'gives every record twice',
    base: 'filter',
    changes: [code('? [] : [i]', '? [] : [i, i]')],
    fails: ['filter.order'],
  },
  {
    does: 'turns a batch round',
    base: 'filter',
    changes: [
      code('? [] : [i]))', '? [] : [i])).reverse()'),
      code('kept.length === batch.length', 'batch.length === 1'),
    ],
    fails: ['filter.order', 'filter.deterministic'],
  },
  {
    does: 'makes every series anew',
    base: 'filter',
    changes: [
      code('kept.map((i) => batch.series[i])', 'kept.map((i) => Object.freeze({ ...batch.series[i] }))'),
    ],
    fails: ['filter.series-interned'],
  },
  {
    does: 'makes a series that others can change',
    base: 'filter',
    changes: [
      code('kept.map((i) => batch.series[i])', 'kept.map((i) => known(batch.series[i]))'),
      code(
        'export default {',
        'const made = new WeakMap()\n\nfunction known(series) {\n  if (!made.has(series)) made.set(series, { ...series })\n  return made.get(series)\n}\n\nexport default {',
      ),
    ],
    fails: ['filter.series-interned'],
  },
  {
    does: 'takes columns for arrays',
    base: 'filter',
    changes: [
      code(
        'batch.series.flatMap((_, i) => (Number.isNaN(batch.values[i]) ? [] : [i]))',
        'batch.values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]))',
      ),
    ],
    fails: ['filter.typed-columns'],
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
  {
    does: 'copies a batch of which it takes nothing away',
    base: 'filter',
    changes: [code('      if (kept.length === batch.length) return batch\n', '')],
    fails: ['filter.same-batch'],
  },
  {
    does: 'packs anew what is none of its business',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal !== 'metric') return { ...batch }",
      ),
    ],
    fails: ['filter.same-batch'],
  },
  {
    does: 'takes away what is below 0 where nobody asked for it',
    base: 'filter',
    changes: [
      options("least: { type: 'number', default: 0, description: 'The least value that stays.' }"),
      code('  open: () => ({', '  open: ({ options: { least } }) => ({'),
      code('Number.isNaN(batch.values[i])', 'batch.values[i] < least'),
    ],
    fails: ['filter.defaults'],
  },
  {
    does: 'takes away what is for finding errors, unless it is told not to',
    base: 'filter',
    changes: [
      options(
        "debug: { type: 'boolean', default: false, description: 'Whether lines of that severity stay.' }",
      ),
      code('  open: () => ({', '  open: ({ options: { debug } }) => ({'),
      code(
        "      if (batch.signal !== 'metric') return batch\n",
        "      if (batch.signal === 'log' && !debug) {\n        const records = batch.records.filter(({ severity }) => severity !== 'debug')\n        return records.length === batch.length ? batch : { ...batch, length: records.length, records }\n      }\n      if (batch.signal !== 'metric') return batch\n",
      ),
      code('Number.isNaN(batch.values[i])', 'false'),
    ],
    fails: ['filter.defaults'],
  },
  {
    does: 'lets nothing but metrics through',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal !== 'metric') return { ...batch, length: 0, records: [] }",
      ),
    ],
    fails: ['filter.other-signals'],
  },
  {
    does: 'takes events for log lines that say nothing',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal !== 'metric') {\n        const records = batch.records.filter(({ message }) => message !== undefined)\n        return records.length === batch.length ? batch : { ...batch, length: records.length, records }\n      }",
      ),
    ],
    fails: ['filter.other-signals'],
  },
  {
    does: 'remembers every series by its labels',
    base: 'filter',
    changes: [
      code(
        '      const kept',
        '      for (const [i, series] of batch.series.entries()) last.set(JSON.stringify(series), batch.values[i])\n      const kept',
      ),
      code('export default {', 'const last = new Map()\n\nexport default {'),
    ],
    fails: ['filter.memory'],
  },
  {
    does: 'remembers the id of every log line',
    base: 'filter',
    changes: [
      code(
        "if (batch.signal !== 'metric') return batch",
        "if (batch.signal === 'log') for (const { id } of batch.records) seen.add(id)\n      if (batch.signal !== 'metric') return batch",
      ),
      code('export default {', 'const seen = new Set()\n\nexport default {'),
    ],
    fails: ['filter.memory'],
  },
]

/** Options in the place of none. */
function options(properties: string) {
  return code(
    "options: { type: 'object', additionalProperties: false, properties: {} },",
    `options: { type: 'object', additionalProperties: false, properties: { ${properties} } },`,
  )
}
