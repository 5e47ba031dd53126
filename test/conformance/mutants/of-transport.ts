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
    does: 'takes every byte for a letter',
    base: 'transport',
    changes: [
      code(
        'intake.deliver({ body: Buffer.from(line) })',
        "intake.deliver({ body: Buffer.from(line, 'latin1') })",
      ),
    ],
    fails: ['transport.delivers'],
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
    fails: [
      'transport.delivers',
      'transport.backpressure',
      'transport.full',
      'swap.subscription',
      'swap.subscription-held',
    ],
  },
  {
    does: 'acknowledges a message before it has its fate',
    base: 'transport',
    changes: [
      code('intake.deliver({ body', 'socket.write(`ok ${line}\\n`)\n            intake.deliver({ body'),
      code('() => void socket.write(`ok ${line}\\n`)', '() => undefined'),
      code(
        "(error) => void socket.write(`${error.retryable === false ? 'bad' : 'no'} ${line}\\n`)",
        '() => undefined',
      ),
    ],
    fails: [
      'transport.waits',
      'transport.gives-back',
      'transport.redelivers',
      'transport.refuses',
      'transport.backpressure',
      'transport.settles-late',
      'transport.full',
    ],
  },
  {
    does: 'refuses for good what should come again',
    base: 'transport',
    changes: [code("error.retryable === false ? 'bad' : 'no'", "error.retryable === false ? 'bad' : 'bad'")],
    fails: ['transport.gives-back', 'transport.settles-late'],
  },
  {
    does: 'has sent again what nobody can take',
    base: 'transport',
    changes: [code("error.retryable === false ? 'bad' : 'no'", "error.retryable === false ? 'no' : 'no'")],
    fails: ['transport.refuses', 'transport.settles-late'],
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
    does: 'cuts a message after 4 KiB',
    base: 'transport',
    changes: [code('body: Buffer.from(line) }', 'body: Buffer.from(line).subarray(0, 4096) }')],
    fails: ['transport.delivers'],
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
  {
    does: 'acknowledges what it holds back when its subscription is stopped',
    base: 'transport',
    changes: [
      code(
        '            intake.deliver({ body: Buffer.from(line) }).then(',
        '            if (going >= 10) return void held.push(line)\n            going++\n            const settled = intake.deliver({ body: Buffer.from(line) }).finally(next)\n            settled.then(',
      ),
      code(
        '        let halting\n',
        "        let halting\n        let going = 0\n        const held = []\n        const next = () => {\n          going--\n          if (held.length > 0) lines.emit('line', held.shift())\n        }\n",
      ),
      code(
        "if (!halting) socket.write('halt\\n')",
        "for (const line of halting ? [] : held.splice(0)) socket.write(`ok ${line}\\n`)\n            if (!halting) socket.write('halt\\n')",
      ),
      code('          credit,\n', '          credit: 10,\n'),
    ],
    fails: ['swap.subscription-held'],
  },
  {
    does: 'acknowledges what comes while the intake is full',
    base: 'transport',
    changes: [
      code(
        '            intake.deliver(',
        '            if (intake.full) return void socket.write(`ok ${line}\\n`)\n            intake.deliver(',
      ),
    ],
    fails: ['transport.full'],
  },
  {
    does: 'refuses what is given back once its subscription was stopped',
    base: 'transport',
    changes: [code('error.retryable === false', 'error.retryable === false || halting')],
    fails: ['transport.settles-late'],
  },
  {
    does: 'acknowledges twice',
    base: 'transport',
    changes: [code('`ok ${line}\\n`', '`ok ${line}\\nok ${line}\\n`')],
    fails: [
      'lifecycle.two-instances',
      'transport.delivers',
      'transport.backpressure',
      'transport.gives-back',
      'transport.settles-late',
      'swap.subscription',
      'swap.subscription-held',
    ],
  },
  {
    does: 'starts a subscription only when the one before has stopped',
    base: 'transport',
    changes: [
      code('    let stopping\n', '    let stopping\n    let last\n'),
      code('        let halting\n', '        let halting\n        const before = last\n'),
      code(
        '        return {\n          credit,',
        '        last = halted\n        return {\n          credit,',
      ),
      code(
        'start: () => void socket.write(`go ${credit}\\n`)',
        'start: async () => {\n            await before\n            socket.write(`go ${credit}\\n`)\n          }',
      ),
    ],
    fails: ['transport.apart'],
  },
  {
    does: 'does not say that nobody sends a datagram again',
    base: 'listener',
    changes: [code('{ body, lastTry: true }', '{ body }')],
    fails: ['transport.last-try'],
  },
]
