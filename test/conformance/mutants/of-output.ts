import { code } from './mutant.ts'
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
    does: 'acknowledges before the store has it',
    base: 'output',
    changes: [code('return await written', 'await 0')],
    fails: [
      'output.stores',
      'output.partial',
      'output.refused',
      'output.busy',
      'output.retry-after',
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
      'output.outage',
      'output.flushes',
      'output.stopped-hanging',
      'swap.under-load',
      'swap.follow',
    ],
    failsInThread: [
      'output.stores',
      'output.partial',
      'output.refused',
      'output.busy',
      'output.retry-after',
      'output.outage',
      'output.flushes',
      'output.stopped-hanging',
      'swap.under-load',
      'swap.follow',
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
    fails: ['output.equal-series'],
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
    fails: ['output.outage', 'output.stopped-hanging'],
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
    does: 'can be open only once',
    base: 'output',
    changes: [
      code(
        '    const agent = new Agent',
        "    if (isOpen) throw failure('it is open already', true)\n    isOpen = true\n    const agent = new Agent",
      ),
      code(
        '      agent.destroy()\n      throw error',
        '      agent.destroy()\n      isOpen = false\n      throw error',
      ),
      code('writing.then(() => agent.destroy())', 'writing.then(() => ((isOpen = false), agent.destroy()))'),
      code('function linesOf(batch) {', 'let isOpen = false\n\nfunction linesOf(batch) {'),
    ],
    fails: [
      'lifecycle.two-instances',
      'swap.beside',
      'swap.aborted',
      'swap.under-load',
      'swap.state',
      'swap.unknown-state',
      'swap.follow',
    ],
  },
  {
    does: 'stops its predecessor when it stops',
    base: 'output',
    changes: [
      code('if (stopping) throw', 'if (stopping || halted) throw'),
      code('    const agent = new Agent', '    halted = false\n    const agent = new Agent'),
      code('stopping ??= writing', 'halted = true\n        stopping ??= writing'),
      code('function linesOf(batch) {', 'let halted = false\n\nfunction linesOf(batch) {'),
    ],
    fails: ['lifecycle.two-instances', 'swap.beside', 'swap.aborted', 'swap.under-load'],
  },
  {
    does: 'loses the first batch after a state was restored',
    base: 'output',
    changes: [
      code(
        '        for (const line of state.seen) seen.add(line)',
        '        for (const line of state.seen) seen.add(line)\n        isFresh = state.seen.size > 0',
      ),
      code(
        'const { refused } = await post(lines)',
        'const { refused } = isFresh ? { refused: [] } : await post(lines)\n      isFresh = false',
      ),
      code('    let stopping\n', '    let stopping\n    let isFresh = false\n'),
    ],
    fails: ['swap.under-load'],
  },
  {
    does: 'exports what cannot be cloned',
    base: 'output',
    changes: [code('({ seen: new Set(seen) })', '({ seen: new Set(seen), size: () => seen.size })')],
    fails: ['swap.under-load', 'swap.state', 'swap.follow'],
  },
  {
    does: 'hands over its state and forgets it',
    base: 'output',
    changes: [
      code(
        'exportState: () => ({ seen: new Set(seen) })',
        'exportState() {\n        const state = { seen: new Set(seen) }\n        seen.clear()\n        return state\n      }',
      ),
    ],
    fails: ['swap.state', 'swap.follow'],
  },
  {
    does: 'restores as much as it was given, but not that',
    base: 'output',
    changes: [code('of state.seen) seen.add(line)', "of state.seen) seen.add([...line].reverse().join(''))")],
    fails: ['swap.state', 'swap.follow'],
  },
  {
    does: 'fails on a state that it does not know',
    base: 'output',
    changes: [code('if (!(state?.seen instanceof Set)) return', '')],
    fails: ['swap.unknown-state'],
  },
  {
    does: 'exports what goes on changing, and does not follow',
    base: 'output',
    changes: [
      code('new Set(seen)', 'seen'),
      code(
        '      follow(batch) {\n        for (const line of linesOf(batch)) seen.add(line)\n      },\n',
        '',
      ),
    ],
    fails: ['swap.export-copy'],
  },
  {
    does: 'writes again what it follows',
    base: 'output',
    changes: [
      code(
        'follow(batch) {\n        for (const line of linesOf(batch)) seen.add(line)',
        'async follow(batch) {\n        await put(batch)',
      ),
    ],
    fails: ['swap.follow'],
  },
]
