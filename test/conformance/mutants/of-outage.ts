import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Outputs that do not bear it when their store is busy, away or silent. */
export const OF_OUTAGE: readonly Mutant[] = [
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
