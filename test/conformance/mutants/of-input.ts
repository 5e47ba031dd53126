import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** Inputs that make something else of messages than they should. */
export const OF_INPUT: readonly Mutant[] = [
  {
    does: 'makes ids of what its records say',
    base: 'input',
    changes: [
      code(
        '/** Reads a JSON list of samples and log lines. */\n',
        "import { createHash } from 'node:crypto'\n\n/** Reads a JSON list of samples and log lines. */\n",
      ),
      code(
        "return { index: 'base', timeMs,",
        "return { id: createHash('sha256').update(message).digest('hex'), index: 'base', timeMs,",
      ),
    ],
    fails: ['input.own-ids'],
    failsInThread: ['input.own-ids'],
  },
  {
    does: 'has an example that it refuses',
    base: 'input',
    changes: [code('{"name":"up","host":"a"', '{"name":"up"')],
    fails: ['input.example'],
    failsInThread: ['input.example'],
  },
  {
    does: 'has no example',
    base: 'input',
    changes: [code('  example: {', '  sample: {')],
    fails: ['input.has-example'],
  },
  {
    does: 'shows its password in a reason',
    base: 'input',
    changes: [
      code(
        "options: { type: 'object', additionalProperties: false, properties: {} },",
        "options: { type: 'object', additionalProperties: false, properties: { token: { type: 'string', writeOnly: true, description: 'It.' } } },",
      ),
      code('open({ series }) {', 'open({ series, options }) {'),
      code("out.reject('no host or no time')", 'out.reject(`no host or no time, ${options.token}`)'),
    ],
    fails: ['input.secrets-hidden'],
  },
  {
    does: 'yields a signal that it does not name',
    base: 'input',
    changes: [code("signals: ['metric', 'log']", "signals: ['metric']")],
    fails: ['input.records', 'input.malformed'],
    failsInThread: ['input.records', 'input.malformed'],
  },
  {
    does: 'gives a log line a second after decode has returned',
    base: 'input',
    changes: [
      code('out.log(logOf(line, host, time))', 'setImmediate(() => out.log(logOf(line, host, time)))'),
    ],
    fails: ['input.synchronous'],
  },
  {
    does: 'wipes a message that it has read',
    base: 'input',
    changes: [
      code(
        'const elements = parse(body.toString())',
        'const elements = parse(body.toString())\n        body.fill(32)',
      ),
    ],
    fails: ['input.message-unchanged', 'input.pure', 'input.interned', 'input.malformed'],
  },
  {
    does: 'takes the time of its clock',
    base: 'input',
    changes: [
      code(
        'out.log(logOf(line, host, time))',
        'out.log(logOf(line, host, performance.timeOrigin + performance.now()))',
      ),
    ],
    fails: ['lifecycle.two-instances', 'input.pure', 'input.malformed', 'isolation.worker'],
    failsInThread: ['input.pure', 'input.malformed'],
  },
  {
    does: 'fills one record again and again',
    base: 'input',
    changes: [
      code(
        "  return { index: 'base', timeMs, severity: 'info', publisher, labels: {}, message }",
        "  shared.labels = { nth: String(++count) }\n  return Object.assign(shared, { index: 'base', timeMs, severity: 'info', publisher, message })",
      ),
      code('function parse(text) {', 'const shared = {}\nlet count = 0\n\nfunction parse(text) {'),
    ],
    fails: [
      'lifecycle.two-instances',
      'input.pure',
      'input.records-kept',
      'input.malformed',
      'isolation.worker',
    ],
  },
  {
    does: 'makes every series anew',
    base: 'input',
    changes: [
      code(
        '  const known = table.lookup(key)\n  if (known) return known[0]\n  return table.intern(key, [',
        '  void [table, key]\n  return Object.freeze([',
      ),
    ],
    fails: ['input.interned'],
    failsInThread: ['input.interned'],
  },
  {
    does: 'looks series up by less than they are made of',
    base: 'input',
    changes: [code('const key = `${host} ${name}`', 'const key = name')],
    fails: ['input.pure'],
  },
  {
    does: 'takes what is missing from the message before',
    base: 'input',
    changes: [
      code('  open({ series }) {\n', '  open({ series }) {\n    let last\n'),
      code(
        'const { name, line, host, value, time } = element ?? {}\n',
        'const { name, line, host = last, value, time } = element ?? {}\n          last = host\n',
      ),
    ],
    fails: ['input.pure'],
  },
  {
    does: 'throws a text at a malformed message',
    base: 'input',
    changes: [
      code("throw Object.assign(new Error('not a list'), { retryable: false })", "throw 'not a list'"),
    ],
    fails: ['input.malformed'],
  },
  {
    does: 'decodes nothing any more after a malformed message',
    base: 'input',
    changes: [
      code(
        '  const elements = JSON.parse(text)',
        "  if (broken) throw new Error('broken')\n  broken = true\n  const elements = JSON.parse(text)\n  broken = false",
      ),
      code('function parse(text) {', 'let broken = false\n\nfunction parse(text) {'),
    ],
    fails: ['input.example', 'input.pure', 'input.malformed', 'isolation.worker'],
  },
  {
    does: 'looks at messages with a regular expression that takes twice as long with every letter',
    base: 'input',
    changes: [
      code(
        '  const elements = JSON.parse(text)',
        '  if (/^(\\w+\\s?)*$/.test(text)) return []\n  const elements = JSON.parse(text)',
      ),
    ],
    fails: ['input.growth'],
  },
  {
    does: 'looks for the end of a line from every space on',
    base: 'input',
    changes: [
      code(
        "else if (typeof line === 'string') out.log(logOf(line, host, time))",
        "else if (typeof line === 'string') out.log(logOf(line.replace(/\\s+$/, ''), host, time))",
      ),
    ],
    fails: ['input.growth'],
  },
  {
    does: 'emits everything twice',
    base: 'source',
    changes: [
      code('const fate = emit(', 'void emit((out) => out.log(logOf(line)))\n          const fate = emit('),
    ],
    fails: ['source.once', 'source.refuses', 'lifecycle.no-strays'],
  },
  {
    does: 'drops what comes while an emission is pending',
    base: 'source',
    changes: [code('if (stopped) return', 'if (stopped || open.size > 0) return')],
    fails: ['source.once', 'source.backpressure', 'source.given-back', 'source.refuses', 'source.redelivers'],
    failsInThread: [
      'source.once',
      'source.backpressure',
      'source.given-back',
      'source.refuses',
      'source.redelivers',
    ],
  },
  {
    does: 'takes a refusal for an acceptance',
    base: 'source',
    changes: [
      code(
        "(error) => void socket.write(`${error.retryable === false ? 'bad' : 'no'} ${line}\\n`)",
        '() => void socket.write(`ok ${line}\\n`)',
      ),
    ],
    fails: ['source.given-back', 'source.refuses'],
  },
  {
    does: 'emits on after it was stopped',
    base: 'source',
    changes: [
      code(
        '        stopped = true\n        await Promise.all(open)\n        socket.destroy()\n',
        '        await Promise.all(open)\n',
      ),
    ],
    fails: ['source.stops'],
    failsInThread: ['source.stops'],
  },
  {
    does: 'acknowledges on receipt, and tries again by itself',
    base: 'source',
    changes: [
      code(
        '            const fate = emit((out) => out.log(logOf(line))).then(',
        '            socket.write(`ok ${line}\\n`)\n            const again = () =>\n              emit((out) => out.log(logOf(line))).catch((error) => {\n                if (error.retryable !== false && !stopped) return again()\n              })\n            const fate = again().then(',
      ),
      code('              () => void socket.write(`ok ${line}\\n`),', '              () => undefined,'),
    ],
    fails: ['source.waits', 'source.refuses', 'source.redelivers'],
    failsInThread: ['source.waits', 'source.refuses', 'source.redelivers'],
  },
  {
    does: 'tells nobody of what is pending when it stops',
    base: 'source',
    changes: [code('await Promise.all(open)', 'open.clear()')],
    fails: ['source.settles-late'],
    failsInThread: ['source.settles-late'],
  },
  {
    does: 'acknowledges what is refused',
    base: 'source',
    changes: [code("error.retryable === false ? 'bad' : 'no'", "error.retryable === false ? 'ok' : 'no'")],
    fails: ['source.refuses'],
  },
  {
    does: 'acknowledges twice',
    base: 'source',
    changes: [code('`ok ${line}\\n`', '`ok ${line}\\nok ${line}\\n`')],
    fails: ['lifecycle.two-instances', 'source.settles-late'],
  },
]
