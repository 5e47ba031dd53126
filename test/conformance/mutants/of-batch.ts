import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Outputs that do something to a batch, or with one that they are only to rehearse. */
export const OF_BATCH: readonly Mutant[] = [
  {
    does: 'mutates a batch',
    base: 'output',
    changes: [
      code(
        'batch.records.map((record) => stringify(record))',
        'batch.records.map((record) => stringify(Object.assign(record, { seen: true })))',
      ),
    ],
    fails: ['output.batch-unchanged', 'output.rehearse'],
    failsInThread: ['output.batch-unchanged', 'output.rehearse'],
  },
  {
    does: 'mutates a batch while it is written and puts it back',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        "const rename = (publisher) => batch.records?.forEach((record) => (record.publisher = publisher))\n      rename('base')\n      const { refused } = await post(lines).finally(() => rename('conformance'))\n",
      ),
    ],
    fails: ['output.batch-unchanged'],
  },
  {
    does: 'empties a batch a while after it was written',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const { refused } = await post(lines)\n      setTimeout(() => batch.records?.splice(0), 40)\n',
      ),
    ],
    fails: ['output.batch-unchanged'],
  },
  {
    does: 'notes in the records that they could not be written',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const { refused } = await post(lines).catch((error) => {\n        for (const { labels } of batch.records ?? []) labels.tried = true\n        throw error\n      })\n',
      ),
    ],
    fails: ['output.batch-unchanged'],
  },
  {
    does: 'writes what it rehearses',
    base: 'output',
    changes: [
      code('(batch) => void linesOf(batch)', '(batch) => post(linesOf(batch)).then(() => undefined)'),
    ],
    fails: ['output.rehearse'],
  },
  {
    does: 'counts what it rehearses',
    base: 'output',
    changes: [
      code('async open({ options, log, signal }) {', 'async open({ options, log, signal, metrics }) {'),
      code(
        '(batch) => void linesOf(batch)',
        "(batch) => metrics.counter('lines_total', 'Lines.').inc(batch.length)",
      ),
    ],
    fails: ['output.rehearse'],
  },
]
