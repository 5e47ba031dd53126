import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Transports that tell their peer something else than the fate of a message. */
export const OF_TRANSPORT: readonly Mutant[] = [
  {
    does: 'acknowledges on stop what has no fate',
    base: 'transport',
    changes: [
      code('    let stopping\n', '    let stopping\n    const pending = new Set()\n'),
      code('            intake.deliver(', '            pending.add(line)\n            intake.deliver('),
      code(
        'stopping = true\n        socket.destroy()',
        'stopping = true\n        for (const line of pending) socket.write(`ok ${line}\\n`)\n        socket.destroySoon()',
      ),
    ],
    fails: ['transport.redelivers'],
  },
  {
    does: 'has no credit at all',
    base: 'transport',
    changes: [code('          credit,\n', '          credit: 0,\n')],
    fails: ['transport.subscription', 'transport.backpressure'],
  },
  {
    does: 'drops one message of ten',
    base: 'transport',
    changes: [
      code("if (!line.startsWith('{')) return", "if (!line.startsWith('{') || ++count % 10 === 0) return"),
      code('        let halting\n', '        let halting\n        let count = 0\n'),
    ],
    fails: ['transport.delivers', 'transport.backpressure', 'swap.subscription'],
  },
  {
    does: 'acknowledges a message before it has its fate',
    base: 'transport',
    changes: [
      code('intake.deliver({ body', 'socket.write(`ok ${line}\\n`)\n            intake.deliver({ body'),
    ],
    fails: [
      'transport.waits',
      'transport.gives-back',
      'transport.redelivers',
      'transport.refuses',
      'transport.backpressure',
    ],
  },
  {
    does: 'refuses for good what should come again',
    base: 'transport',
    changes: [code("error.retryable === false ? 'bad' : 'no'", "error.retryable === false ? 'bad' : 'bad'")],
    fails: ['transport.gives-back'],
  },
  {
    does: 'has sent again what nobody can take',
    base: 'transport',
    changes: [code("error.retryable === false ? 'bad' : 'no'", "error.retryable === false ? 'no' : 'no'")],
    fails: ['transport.refuses'],
  },
  {
    does: 'lets its peer send without a bound',
    base: 'transport',
    changes: [code('`go ${credit}\\n`', '`go ${credit * 1000}\\n`')],
    fails: ['transport.backpressure'],
  },
  {
    does: 'consumes before it was started',
    base: 'transport',
    changes: [
      code('start: () => void socket.write(`go ${credit}\\n`)', 'start: () => undefined'),
      code('        let halting\n', '        socket.write(`go ${credit}\\n`)\n        let halting\n'),
    ],
    fails: ['transport.not-before-start'],
  },
  {
    does: 'delivers after its subscription was stopped',
    base: 'transport',
    changes: [
      code(
        "            if (!halting) socket.write('halt\\n')\n            halting ??= Promise.race([halted, gone])\n            return halting",
        '            void [halted, gone]\n            halting ??= Promise.resolve()\n            return halting',
      ),
    ],
    fails: ['transport.stops'],
  },
  {
    does: 'says nothing when its connection is gone',
    base: 'transport',
    changes: [code("        if (!stopping) fail(new Error('the connection is gone'))\n", '')],
    fails: ['transport.recovers'],
  },
  {
    does: 'acknowledges what still comes when its subscription is stopped',
    base: 'transport',
    changes: [
      code(
        "if (!line.startsWith('{')) return",
        "if (!line.startsWith('{')) return\n            if (halting) return void socket.write(`ok ${line}\\n`)",
      ),
    ],
    fails: ['swap.subscription'],
  },
]
