import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Outputs that make something else of what their store refuses. */
export const OF_REFUSAL: readonly Mutant[] = [
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
]
