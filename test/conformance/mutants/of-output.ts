import { code, STORE_WITH_IDS } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Outputs that say something else of records than what became of them. */
export const OF_OUTPUT: readonly Mutant[] = [
  {
    does: 'rejects a record that there is not',
    base: 'output',
    changes: [
      code(
        '      const { refused } = await post(lines)\n',
        "      const { refused } = await post(lines)\n      if (lines.some((line) => line.includes('NaN'))) refused.push(lines.length)\n",
      ),
    ],
    fails: ['output.answers'],
    failsInThread: ['output.answers'],
  },
  {
    does: 'sends a batch in parts, and swallows the failure of all but the first',
    base: 'output',
    changes: [
      code(
        '      const { refused } = await post(lines)\n',
        `      const refused = []
      for (let from = 0; from < lines.length; from += 1000) {
        const part = post(lines.slice(from, from + 1000)).catch((error) => {
          if (from === 0) throw error
          return { refused: [] }
        })
        refused.push(...(await part).refused.map((index) => from + index))
      }
`,
      ),
    ],
    fails: ['output.midway'],
    failsInThread: ['output.midway'],
  },
  {
    does: 'sends the last sample of each series only',
    base: 'output',
    changes: [
      code(
        '      const { refused } = await post(lines)\n',
        "      const keys = batch.series?.map(stringify)\n      const last = (line, i) => batch.signal === 'log' || keys.lastIndexOf(keys[i]) === i\n      const sent = lines.flatMap((line, i) => (last(line, i) ? [i] : []))\n      const answer = await post(sent.map((i) => lines[i]))\n      const refused = answer.refused.map((i) => sent[i])\n",
      ),
    ],
    fails: ['output.samples'],
    failsInThread: ['output.samples'],
  },
  {
    does: 'acknowledges before the store has it',
    base: 'output',
    changes: [code('return await written', 'await 0')],
    fails: [
      'output.stores',
      'output.partial',
      'output.refused',
      'output.busy',
      'output.retry-after',
      'output.hanging',
      'output.midway',
      'output.outage',
      'output.stopped-hanging',
      'swap.under-load',
      'swap.follow',
    ],
  },
  {
    does: 'keeps records back and drops them on stop',
    base: 'output',
    changes: [
      code(
        '      const { refused } = await post(lines)\n',
        '      kept.push(...lines)\n      if (kept.length < 60) return\n      const { refused } = await post(kept.splice(0))\n',
      ),
      code('    const seen = new Set()\n', '    const seen = new Set()\n    const kept = []\n'),
    ],
    fails: [
      'output.stores',
      'output.partial',
      'output.refused',
      'output.busy',
      'output.retry-after',
      'output.hanging',
      'output.outage',
      'output.flushes',
      'output.stopped-hanging',
      'swap.under-load',
      'swap.follow',
      'output.others-kept',
    ],
    failsInThread: [
      'output.stores',
      'output.partial',
      'output.refused',
      'output.busy',
      'output.retry-after',
      'output.hanging',
      'output.outage',
      'output.flushes',
      'output.stopped-hanging',
      'swap.under-load',
      'swap.follow',
      'output.others-kept',
    ],
  },
  {
    does: 'resolves an open write on stop although the store has not answered',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)',
        'const { refused } = await post(lines).catch((error) => {\n        if (stopping) return { refused: [] }\n        throw error\n      })',
      ),
      code(
        'stopping ??= writing.then(() => agent.destroy())',
        'stopping ??= Promise.resolve(agent.destroy())',
      ),
    ],
    fails: ['output.flushes', 'output.stopped-hanging'],
  },
  {
    does: 'takes series for the same only when they are one object',
    base: 'output',
    changes: [
      code(
        '  return Array.from({ length: batch.length }, (_, i) =>\n    stringify([batch.series[i], String(batch.values[i]), batch.times[i]]),\n  )',
        '  const lines = new Map()\n  for (let i = 0; i < batch.length; i++)\n    lines.set(batch.series[i], stringify([batch.series[i], String(batch.values[i]), batch.times[i]]))\n  return [...lines.values()]',
      ),
    ],
    fails: ['output.equal-series', 'output.samples'],
  },
  {
    does: 'lets go of its connections on stop although a write is open',
    base: 'output',
    changes: [
      code(
        'stopping ??= writing.then(() => agent.destroy())',
        'stopping ??= Promise.resolve(agent.destroy())',
      ),
    ],
    fails: ['output.flushes'],
  },
  {
    does: 'sends the records of a batch from the last to the first',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const answer = await post(lines.toReversed())\n      const refused = answer.refused.map((index) => lines.length - 1 - index)\n',
      ),
    ],
    fails: ['output.order'],
    failsInThread: ['output.order'],
  },
  {
    does: 'sends the rest of a long batch before its first part',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const rest = lines.length > 500 ? await post(lines.slice(500)) : { refused: [] }\n      const first = await post(lines.slice(0, 500))\n      const refused = [...first.refused, ...rest.refused.map((index) => 500 + index)]\n',
      ),
    ],
    fails: ['output.order'],
  },
  {
    does: 'sends records without their ids',
    base: 'output',
    changes: [
      ...STORE_WITH_IDS,
      code(
        'batch.records.map((record) => stringify(record))',
        'batch.records.map(({ id: _, ...record }) => stringify(record))',
      ),
    ],
    fails: ['output.same-id'],
    failsInThread: ['output.same-id'],
  },
  {
    does: 'sends records without their ids, and leaves out what it has sent itself',
    base: 'output',
    changes: [
      ...STORE_WITH_IDS,
      code(
        'const { refused } = await post(lines)\n',
        'const unsent = lines.flatMap((line, i) => (seen.has(line) ? [] : [i]))\n      const answer = await post(unsent.map((i) => withoutId(lines[i])))\n      const refused = answer.refused.map((at) => unsent[at])\n',
      ),
      code(
        'function forgetOldest(',
        'const withoutId = (line) => line.replace(/,"id":"[^"]*"/, \'\')\n\nfunction forgetOldest(',
      ),
    ],
    fails: ['output.same-id'],
  },
]
