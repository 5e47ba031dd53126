import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

/** What an input does whenever it is opened. */
function onOpen(statement: string) {
  return code('  open({ series }) {\n', `  open({ series }) {\n    ${statement}\n`)
}

function importing(names: string, module: string) {
  return code('/** Reads a JSON list', `import { ${names} } from '${module}'\n\n/** Reads a JSON list`)
}

const LEFT = ['lifecycle.orders', 'lifecycle.aborted-open', 'lifecycle.failed-open', 'leaks.handles']

/** What sessions leave behind, or change for everybody. */
export const OF_LEAKS: readonly Mutant[] = [
  {
    does: 'leaves an unref’d timer once the store was busy',
    base: 'output',
    changes: [
      code(
        '        else reject(refusal(answer))',
        '        else {\n          if (answer.statusCode === 503) setInterval(() => undefined, 60_000).unref()\n          reject(refusal(answer))\n        }',
      ),
    ],
    fails: ['leaks.after-faults'],
  },
  {
    does: 'leaves an interval that keeps a thread alive',
    base: 'input',
    changes: [
      code('  open({ series }) {\n', '  open({ series }) {\n    setInterval(() => undefined, 60_000)\n'),
    ],
    fails: [
      'lifecycle.orders',
      'lifecycle.aborted-open',
      'lifecycle.failed-open',
      'leaks.thread-ends',
      'leaks.handles',
    ],
  },
  {
    does: 'leaves an unref’d timer',
    base: 'input',
    changes: [
      code(
        '  open({ series }) {\n',
        '  open({ series }) {\n    setInterval(() => undefined, 60_000).unref()\n',
      ),
    ],
    fails: ['lifecycle.orders', 'lifecycle.aborted-open', 'lifecycle.failed-open', 'leaks.handles'],
  },
  {
    does: 'listens to the process',
    base: 'input',
    changes: [
      code('  open({ series }) {\n', "  open({ series }) {\n    process.on('SIGHUP', () => undefined)\n"),
    ],
    fails: ['leaks.process'],
  },
  {
    does: 'leaves something on globalThis',
    base: 'input',
    changes: [code('  open({ series }) {\n', '  open({ series }) {\n    globalThis.baseIsOpen = true\n')],
    fails: ['leaks.process'],
  },
  {
    does: 'adds to a prototype that is not its own',
    base: 'input',
    changes: [
      code('  open({ series }) {\n', '  open({ series }) {\n    Array.prototype.newest = () => undefined\n'),
    ],
    fails: ['leaks.process'],
  },
  {
    does: 'keeps something of every session',
    base: 'input',
    changes: [
      code(
        '  open({ series }) {\n',
        '  open({ series }) {\n    kept.push(Array.from({ length: 10_000 }, () => 0.5))\n',
      ),
      code('function parse(text) {', 'const kept = []\n\nfunction parse(text) {'),
    ],
    fails: ['leaks.heap'],
  },
  {
    does: 'leaves a process that it does not wait for',
    base: 'input',
    changes: [
      importing('spawn', 'node:child_process'),
      onOpen("spawn('sleep', ['20'], { stdio: 'ignore', detached: true }).unref()"),
    ],
    fails: LEFT,
  },
  {
    does: 'leaves a watcher that keeps nothing alive',
    base: 'input',
    changes: [
      importing('watch', 'node:fs'),
      onOpen('watch(import.meta.dirname, { persistent: false }, () => undefined)'),
    ],
    fails: LEFT,
  },
  {
    does: 'leaves a thread that keeps nothing alive',
    base: 'input',
    changes: [
      importing('Worker', 'node:worker_threads'),
      onOpen("new Worker('setInterval(() => undefined, 1000)', { eval: true }).unref()"),
    ],
    fails: LEFT,
  },
  {
    does: 'listens to the requests of everybody',
    base: 'input',
    changes: [
      importing('subscribe', 'node:diagnostics_channel'),
      onOpen("subscribe('http.client.request.start', () => undefined)"),
    ],
    fails: ['leaks.process'],
  },
  {
    does: 'changes the agent of everybody',
    base: 'input',
    changes: [importing('globalAgent', 'node:http'), onOpen('globalAgent.maxSockets = 1')],
    fails: ['leaks.process'],
  },
  {
    does: 'puts a dispatcher of its own below the fetch of everybody',
    base: 'input',
    changes: [onOpen("globalThis[Symbol.for('undici.globalDispatcher.1')] = { dispatch: () => false }")],
    fails: ['leaks.process'],
  },
  {
    does: 'teaches every bigint to be JSON',
    base: 'input',
    changes: [onOpen('BigInt.prototype.toJSON = function () { return String(this) }')],
    fails: ['leaks.process'],
  },
  {
    does: 'puts a method of its own in the place of another one that everybody has',
    base: 'input',
    changes: [onOpen('const { parse: own } = JSON; JSON.parse = (text) => own(text)')],
    fails: ['leaks.process'],
  },
  {
    does: 'writes to the folder for temporary files',
    base: 'input',
    changes: [
      importing('writeFileSync', 'node:fs'),
      onOpen("writeFileSync(`${process.env.TMPDIR ?? '/tmp'}/base-cache.json`, '{}')"),
    ],
    fails: ['leaks.files'],
  },
  {
    does: 'keeps a cache beside its module',
    base: 'output',
    changes: [
      code(
        "import { Agent, request } from 'node:http'",
        "import { writeFileSync } from 'node:fs'\nimport { Agent, request } from 'node:http'",
      ),
      code(
        '      for (const line of lines) seen.add(line)\n      if',
        "      for (const line of lines) seen.add(line)\n      writeFileSync(new URL('seen.json', import.meta.url), JSON.stringify([...seen]))\n      if",
      ),
    ],
    fails: ['leaks.files'],
  },
  {
    does: 'keeps every line that it has written',
    base: 'output',
    changes: [code('      forgetOldest(seen)\n', '')],
    fails: ['leaks.records'],
  },
  {
    does: 'keeps every batch that it has written in its module',
    base: 'output',
    changes: [
      code('      forgetOldest(seen)\n', '      forgetOldest(seen)\n      written.push(batch)\n'),
      code('const MOST_SEEN = 5000', 'const MOST_SEEN = 5000\nconst written = []'),
    ],
    fails: ['leaks.records'],
  },
  {
    does: 'holds what it knows of a series strongly by its object',
    base: 'output',
    changes: [
      code(
        'stringify([batch.series[i], String(batch.values[i]), batch.times[i]])',
        'stringify([nameOf(batch.series[i]), String(batch.values[i]), batch.times[i]])',
      ),
      code(
        'function forgetOldest(',
        'const names = new Map()\n\nfunction nameOf(series) {\n  const name = names.get(series) ?? stringify(series)\n  names.set(series, name)\n  return name\n}\n\nfunction forgetOldest(',
      ),
    ],
    fails: ['leaks.records'],
  },
]
