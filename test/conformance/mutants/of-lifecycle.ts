import { code } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const COMPUTE = `function compute() {
  const spentUs = () => process.cpuUsage().user + process.cpuUsage().system
  for (const endUs = spentUs() + 150_000; spentUs() < endUs; );
}

`

/** Sessions that begin or end as they should not. */
export const OF_LIFECYCLE: readonly Mutant[] = [
  {
    does: 'says that it is fine instead of ready',
    base: 'output',
    changes: [code("health: () => ({ state: 'ready' })", "health: () => 'fine'")],
    fails: ['lifecycle.health'],
  },
  {
    does: 'looks into files when it is asked for its health',
    base: 'output',
    changes: [
      code(
        "health: () => ({ state: 'ready' })",
        "health() {\n        for (const endMs = performance.now() + 5; performance.now() < endMs; );\n        return { state: 'ready' }\n      }",
      ),
    ],
    fails: ['lifecycle.health'],
  },
  {
    does: 'names a counter as it likes',
    base: 'output',
    changes: [
      code('async open({ options, log, signal }) {', 'async open({ options, log, signal, metrics }) {'),
      code(
        '    let stopping\n',
        "    let stopping\n    metrics.counter('seen', 'Lines that were written.').inc()\n",
      ),
    ],
    fails: ['lifecycle.metrics-named'],
  },
  {
    does: 'has no reason for its health once the store was away',
    base: 'output',
    changes: [
      code('    let stopping\n', '    let stopping\n    let isAway = false\n'),
      code(
        'const { refused } = await post(lines)\n',
        'const { refused } = await post(lines).catch((error) => {\n        isAway = true\n        throw error\n      })\n      isAway = false\n',
      ),
      code("health: () => ({ state: 'ready' })", "health: () => ({ state: isAway ? 'degraded' : 'ready' })"),
    ],
    fails: ['lifecycle.health'],
  },
  {
    does: 'names a counter as it likes, which it makes when the store is busy',
    base: 'output',
    changes: [
      code('async open({ options, log, signal }) {', 'async open({ options, log, signal, metrics }) {'),
      code(
        'const { refused } = await post(lines)\n',
        "const { refused } = await post(lines).catch((error) => {\n        metrics.counter('busy_answers', 'Answers of a store that is busy.')\n        throw error\n      })\n",
      ),
    ],
    fails: ['lifecycle.metrics-named'],
  },
  {
    does: 'returns no session',
    base: 'filter',
    changes: [code('    apply(batch) {', '    filter(batch) {')],
    fails: ['lifecycle.session'],
  },
  {
    does: 'never comes to an end of its open unless it is told to leave',
    base: 'output',
    changes: [
      code(
        '    try {\n      await post([])',
        "    try {\n      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))\n      await post([])",
      ),
    ],
    fails: ['lifecycle.session'],
  },
  {
    does: 'fails when it is stopped a second time',
    base: 'output',
    changes: [
      code(
        'stopping ??= writing',
        "if (stopping) throw new Error('it has stopped')\n        stopping = writing",
      ),
    ],
    fails: ['lifecycle.stop-twice', 'lifecycle.orders'],
    failsInThread: ['lifecycle.stop-twice'],
  },
  {
    does: 'never stops once its signal was aborted after a write',
    base: 'output',
    changes: [
      code(
        '    return {\n      address: options.url,',
        "    signal.addEventListener('abort', () => void (seen.size > 0 && (writing = new Promise(() => undefined))))\n    return {\n      address: options.url,",
      ),
    ],
    fails: ['lifecycle.orders'],
  },
  {
    does: 'leaks a socket only when it is aborted while it connects',
    base: 'source',
    changes: [
      code(
        "    const leave = () => socket.destroy()\n    signal.addEventListener('abort', leave)\n    if (signal.aborted) leave()\n",
        '',
      ),
      code(
        '      socket.destroy()\n      throw Object',
        '      if (!signal.aborted) socket.destroy()\n      throw Object',
      ),
      code(
        '    let stopped = false\n',
        "    signal.addEventListener('abort', () => socket.destroy())\n    let stopped = false\n",
      ),
    ],
    fails: ['lifecycle.aborted-open'],
  },
  {
    does: 'leaves a timer when it cannot open',
    base: 'output',
    changes: [
      code(
        '    try {\n      await post([])',
        '    const beat = setInterval(() => undefined, 60_000).unref()\n    try {\n      await post([])',
      ),
      code(
        'writing.then(() => agent.destroy())',
        '(clearInterval(beat), writing.then(() => agent.destroy()))',
      ),
    ],
    fails: ['lifecycle.aborted-open', 'lifecycle.failed-open'],
  },
  {
    does: 'waits for a store that hangs whatever the signal says',
    base: 'output',
    changes: [
      code('      signal,\n', ''),
      code(
        "const timer = setTimeout(() => asked.destroy(failure('no answer', true)), timeoutMs)",
        'const timer = undefined',
      ),
    ],
    fails: [
      'lifecycle.aborted-open',
      'lifecycle.hanging-peer',
      'lifecycle.stops-soon',
      'output.patience',
      'output.stopped-hanging',
    ],
  },
  {
    does: 'reads batches as if they always were arrays',
    base: 'output',
    changes: [
      code(
        'function linesOf(batch) {',
        "function linesOf(batch) {\n  if (batch.values && !Array.isArray(batch.values)) throw failure('no array', false)",
      ),
    ],
    fails: ['isolation.worker'],
    failsInThread: [
      'output.stores',
      'output.equal-series',
      'output.samples',
      'output.order',
      'output.others-kept',
      'output.rehearse',
      'output.partial',
      'output.busy',
      'output.retry-after',
      'output.hanging',
      'output.midway',
      'output.outage',
      'output.flushes',
      'output.stopped-hanging',
      'swap.beside',
      'swap.aborted',
      'swap.under-load',
      'swap.state',
      'swap.unknown-state',
    ],
  },
  {
    does: 'prints',
    base: 'input',
    changes: [code('  open({ series }) {\n', "  open({ series }) {\n    console.log('opens')\n")],
    fails: ['isolation.quiet'],
  },
  {
    does: 'throws in a callback',
    base: 'input',
    changes: [
      code(
        '  open({ series }) {\n',
        "  open({ series }) {\n    setImmediate(() => {\n      throw new Error('late')\n    })\n",
      ),
    ],
    fails: ['lifecycle.no-strays'],
  },
  {
    does: 'rejects to nobody a while after it has stopped',
    base: 'output',
    changes: [
      code(
        'stopping ??= writing',
        "stopping ??= (setTimeout(() => void Promise.reject(new Error('late')), 15), writing)",
      ),
    ],
    fails: ['lifecycle.no-strays'],
  },
  {
    does: 'ends the process',
    base: 'filter',
    changes: [code('    apply(batch) {', '    apply(batch) {\n      process.exit(0)')],
    fails: ['lifecycle.session', 'lifecycle.metrics-named'],
  },
  {
    does: 'never comes back',
    base: 'filter',
    changes: [code('    apply(batch) {', '    apply(batch) {\n      for (;;);')],
    fails: ['lifecycle.session', 'lifecycle.metrics-named'],
  },
  {
    does: 'waits on stop for a store that hangs until the signal is aborted',
    base: 'output',
    changes: [
      code(
        "const timer = setTimeout(() => asked.destroy(failure('no answer', true)), timeoutMs)",
        'const timer = undefined',
      ),
    ],
    fails: ['lifecycle.stops-soon', 'output.patience'],
  },
  {
    does: 'says goodbye when it stops, again and again where its store is gone',
    base: 'output',
    changes: [
      code(
        'stopping ??= writing.then(() => agent.destroy())',
        `stopping ??= writing.then(async () => {
          const bye = () => post([]).catch(() => signal.aborted || new Promise((resolve) => setTimeout(resolve, 20)).then(bye))
          await bye()
          agent.destroy()
        })`,
      ),
    ],
    fails: ['lifecycle.stops-soon'],
  },
  {
    does: 'computes for 150 ms where a batch of lines is long',
    base: 'filter',
    changes: [
      code(
        '    apply(batch) {\n',
        `    apply(batch) {\n      if (batch.signal === 'log' && batch.length >= 1000) compute()\n`,
      ),
      code('/** Leaves out', `${COMPUTE}/** Leaves out`),
    ],
    fails: ['isolation.yields'],
  },
  {
    does: 'computes for 150 ms after a first wait that is none',
    base: 'output',
    changes: [
      code(
        '      forgetOldest(seen)\n',
        "      forgetOldest(seen)\n      await undefined\n      if (batch.signal === 'log' && lines.length >= 1000) compute()\n",
      ),
      code('function linesOf(batch) {', `${COMPUTE}function linesOf(batch) {`),
    ],
    fails: ['isolation.yields'],
  },
]
