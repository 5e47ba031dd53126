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
    does: 'takes a store that does not answer in time for one that has the records',
    base: 'output',
    changes: [
      code(
        "setTimeout(() => asked.destroy(failure('no answer', true)), timeoutMs)",
        'setTimeout(() => resolve({ refused: [] }), timeoutMs)',
      ),
    ],
    fails: ['output.hanging'],
    failsInThread: ['output.hanging'],
  },
  {
    does: 'takes a store that does not answer in time for one that will never take the records',
    base: 'output',
    changes: [
      code(
        "setTimeout(() => asked.destroy(failure('no answer', true)), timeoutMs)",
        "setTimeout(() => reject(failure('no answer', false)), timeoutMs)",
      ),
    ],
    fails: ['output.hanging'],
  },
  {
    does: 'sends a batch in parts, and says which of a part was refused',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const refused = []\n      for (let at = 0; at < lines.length; at += 100)\n        refused.push(...(await post(lines.slice(at, at + 100))).refused)\n',
      ),
    ],
    fails: ['output.partial'],
    failsInThread: ['output.partial'],
  },
  {
    does: 'sends what was refused again with what is written next',
    base: 'output',
    changes: [
      code('    let stopping\n', '    let stopping\n    const unsent = []\n'),
      code(
        'const { refused } = await post(lines)\n',
        'unsent.push(...lines)\n      const { refused } = await post(unsent)\n      unsent.length = 0\n',
      ),
    ],
    fails: ['output.refused-once'],
  },
  {
    does: 'says nothing of the records that were refused',
    base: 'output',
    changes: [code('if (refused.length > 0)', 'if (refused.length > 1_000_000)')],
    fails: ['output.partial'],
  },
  {
    does: 'says the position before that of a metric which was refused',
    base: 'output',
    changes: [
      code(
        'refused.map((index) => ({ index,',
        "refused.map((at) => ({ index: batch.signal === 'metric' ? Math.max(0, at - 1) : at,",
      ),
    ],
    fails: ['output.partial'],
  },
  {
    does: 'tries by itself again what was refused',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const { refused } = await post(lines).catch((error) => {\n        if (error.retryable) throw error\n        return post(lines)\n      })\n',
      ),
    ],
    fails: ['output.refused-once'],
    failsInThread: ['output.refused-once'],
  },
  {
    does: 'tries by itself again when the store is busy',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const { refused } = await post(lines).catch((error) => {\n        if (!error.retryAfter) throw error\n        return post(lines)\n      })\n',
      ),
    ],
    fails: ['output.busy-once'],
    failsInThread: ['output.busy-once'],
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
    does: 'swallows a 400',
    base: 'output',
    changes: [
      code(
        'if (answer.statusCode === 200) resolve(JSON.parse(text))',
        'if (answer.statusCode === 400) resolve({ refused: [] })\n        else if (answer.statusCode === 200) resolve(JSON.parse(text))',
      ),
    ],
    fails: ['output.refused'],
  },
  {
    does: 'has a permanent error retried',
    base: 'output',
    changes: [code('statusCode !== 400', 'true')],
    fails: ['output.refused'],
  },
  {
    does: 'gives up records when the store is busy',
    base: 'output',
    changes: [code('statusCode !== 400', 'false')],
    fails: ['output.busy'],
  },
  {
    does: 'says seconds where milliseconds are meant',
    base: 'output',
    changes: [code("Number(headers['retry-after']) * 1000", "Number(headers['retry-after'])")],
    fails: ['output.retry-after'],
  },
  {
    does: 'gives up records when the store is away',
    base: 'output',
    changes: [
      code(
        "failure('the store cannot be reached', true, { cause })",
        "failure('the store cannot be reached', false, { cause })",
      ),
    ],
    fails: ['output.hanging', 'output.outage', 'output.stopped-hanging'],
  },
  {
    does: 'writes nothing any more after an outage',
    base: 'output',
    changes: [
      code(
        '      const { refused } = await post(lines)\n',
        "      if (stopping === undefined && broken) throw failure('broken', true)\n      const { refused } = await post(lines).catch((error) => {\n        broken = error.cause !== undefined\n        throw error\n      })\n",
      ),
      code('    let stopping\n', '    let stopping\n    let broken = false\n'),
    ],
    fails: ['output.outage'],
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
  {
    does: 'stops at the first part of a batch of which something is refused',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        'const refused = []\n      for (let at = 0; at < lines.length && refused.length === 0; at += 5)\n        refused.push(...(await post(lines.slice(at, at + 5))).refused.map((index) => at + index))\n',
      ),
    ],
    fails: ['output.partial', 'output.others-kept'],
    failsInThread: ['output.partial', 'output.others-kept'],
  },
  {
    does: 'gives up a batch whose first record is refused',
    base: 'output',
    changes: [
      code(
        'const { refused } = await post(lines)\n',
        "const first = await post(lines.slice(0, 1))\n      if (first.refused.length > 0)\n        return { rejected: lines.map((_, index) => ({ index, error: failure('the store refuses the first', false) })) }\n      const rest = lines.length > 1 ? await post(lines.slice(1)) : { refused: [] }\n      const refused = rest.refused.map((index) => index + 1)\n",
      ),
    ],
    fails: ['output.others-kept'],
  },
  {
    does: 'waits for an answer for ever',
    base: 'output',
    changes: [code("setTimeout(() => asked.destroy(failure('no answer', true)), timeoutMs)", 'undefined')],
    fails: ['lifecycle.stops-soon', 'output.patience'],
  },
  {
    does: 'asks anew, again and again, when the time for an answer is over',
    base: 'output',
    changes: [
      code(
        'const post = (lines) => send(options, agent, signal, lines)',
        "const post = (lines) =>\n      send(options, agent, signal, lines).catch((error) => {\n        if (error.cause?.message !== 'no answer') throw error\n        return post(lines)\n      })",
      ),
    ],
    fails: ['lifecycle.stops-soon', 'output.patience'],
  },
]
