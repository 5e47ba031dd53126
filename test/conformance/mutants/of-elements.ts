import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Inputs that do wrong to the single elements of a message. */
export const OF_ELEMENTS: readonly Mutant[] = [
  {
    does: 'refuses a message for one bad element',
    base: 'input',
    changes: [code("out.reject('no host or no time')", "throw new Error('no host or no time')")],
    fails: ['input.bad-element'],
    failsInThread: ['input.bad-element'],
  },
  {
    does: 'goes no further than a bad element',
    base: 'input',
    changes: [
      code(
        "            out.reject('no host or no time')",
        "            return out.reject('no host or no time')",
      ),
    ],
    fails: ['input.bad-element'],
  },
  {
    does: 'passes over what is no object',
    base: 'input',
    changes: [
      code(
        '          const { name',
        "          if (typeof element !== 'object' || element === null) continue\n          const { name",
      ),
    ],
    fails: ['input.bad-element', 'input.told'],
    failsInThread: ['input.bad-element', 'input.told'],
  },
  {
    does: 'says nothing of a value that is null',
    base: 'input',
    changes: [
      code(
        "          if (typeof host !== 'string'",
        "          if (value === null) continue\n          if (typeof host !== 'string'",
      ),
    ],
    fails: ['input.told'],
  },
  {
    does: 'says nothing of what it cannot make a line of',
    base: 'input',
    changes: [
      code("else out.reject('neither a sample nor a line')", "else if (line === null) out.skip('no line')"),
    ],
    fails: ['input.told'],
  },
  {
    does: 'keeps what else a line says, as JSON.parse has it',
    base: 'input',
    changes: [
      code('out.log(logOf(line, host, time))', 'out.log({ ...logOf(line, host, time), labels: element })'),
    ],
    fails: ['input.big-integers'],
    failsInThread: ['input.big-integers'],
  },
  {
    does: 'puts what else a line says into its text, as JSON.stringify has it',
    base: 'input',
    changes: [
      code(
        'out.log(logOf(line, host, time))',
        'out.log(logOf(`${line} ${JSON.stringify(element)}`, host, time))',
      ),
    ],
    fails: ['input.big-integers'],
  },
]
