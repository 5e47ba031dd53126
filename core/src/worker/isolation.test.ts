import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, onTestFinished, test } from 'vitest'
import type { Message } from '@smart-gateway/sdk'
import type { Gateway } from '../gateway.ts'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { makeHand, makeShelf } from '../testing/sessions.ts'
import { until } from '../testing/until.ts'

/** A plugin on the disk, in JavaScript: it runs in a thread as a stranger's does. */
function stranger(bench: Bench, kind: 'input' | 'output', version: string, open: string): string {
  const more = "signals: ['metric', 'event', 'log'], options: { type: 'object' }"
  return writePlugin(join(bench.folder, `${kind}-${version}`), kind, {
    'package.json': {
      name: `stranger-${kind}`,
      version,
      type: 'module',
      main: 'index.js',
      smartGateway: { api: 1, kind },
    },
    'index.js': `import { parentPort } from 'node:worker_threads'
export default { api: 1, kind: '${kind}', name: 'stranger', ${more}, ${open} }`,
  })
}

/** Yields a sample for each number of a message; what is no list of numbers does something else. */
const DECODER = `open: ({ series, log, metrics, fail, http }) => ({
  decode({ body }, out) {
    const text = body.toString()
    if (text === 'exit') process.exit(3)
    if (text === 'throw nothing') setTimeout(() => { throw null })
    if (text === 'tell nonsense') parentPort.postMessage({ kind: 'tell', verb: 'log', payload: null })
    if (text === 'post') { parentPort.postMessage(null); parentPort.postMessage({ done: true }); log.info({ is: { fault: null } }, 'posted') }
    if (text === 'throw later') setTimeout(() => { throw new Error('thrown later') })
    if (text === 'reject later') void Promise.reject(new Error('rejected later'))
    if (text === 'loop') for (;;);
    if (text === 'fail, then loop') { fail(new Error('it cannot go on')); for (;;); }
    if (text === 'loop and count') for (const loops = metrics.counter('loops_total', 'Loops.');;) loops.inc()
    if (text === 'fail and loop') setTimeout(() => { for (;;) fail(new Error('again')) })
    if (text === 'loop and ask') for (;;) http.serve({ host: '127.0.0.1', port: 0, path: '/loop' }, () => new Response('')).catch(() => {})
    if (text === 'leak') { globalThis.leak = []; setInterval(() => globalThis.leak.push(new Array(2e5).fill(0.5)), 20) }
    if (text === 'bad') throw Object.assign(new Error('not for me'), { retryable: false })
    if (text === 'log') log.warn({ err: new Error('seen'), n: 1 }, 'a line')
    for (const number of /^\\[/.test(text) ? JSON.parse(text) : []) {
      const known = series.lookup('n') ?? series.intern('n', [{ name: 'numbers', labels: { a: 'b' }, type: 'gauge', intervalMs: 0 }])
      out.sample(known[0], number, 0)
    }
  },
})`.replaceAll('\\\\', '\\')

interface Running {
  readonly bench: Bench
  readonly gateway: Gateway
  readonly hand: ReturnType<typeof makeHand>
  readonly shelf: ReturnType<typeof makeShelf>
  /** Delivers a text; the promise is its fate in words. */
  send(text: string): Promise<string>
}

async function decoding(options: object = {}): Promise<Running> {
  const bench = await makeBench()
  const [hand, shelf] = [makeHand(), makeShelf()]
  const plugin = stranger(bench, 'input', '1.0.0', DECODER)
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin, from: { transport: 'hand' }, ...options } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  })
  await gateway.start()
  const send = (text: string): Promise<string> =>
    hand.intakes
      .get('numbers')!
      .deliver({ body: Buffer.from(text) } satisfies Message)
      .then(
        () => 'settled',
        ({ message }: Error) => message,
      )
  return { bench, gateway, hand, shelf, send }
}

test('a decoder of a stranger runs in a thread: records come out in order, a bad message alone is refused', async () => {
  const { send, shelf, bench, gateway } = await decoding()
  const fates = await Promise.all([
    send('[1,2]'),
    send('bad'),
    send('[3]'),
    send('[]'),
    send('log'),
    send('[4]'),
  ])
  expect(fates).toEqual(['settled', 'not for me', 'settled', 'settled', 'settled', 'settled'])
  expect(shelf.ids).toEqual([1, 2, 3, 4])
  await until('its line is logged', () => bench.lines.some(({ msg }) => msg === 'a line'))
  expect(bench.lines.find(({ msg }) => msg === 'a line')).toMatchObject({
    level: 'warn',
    component: 'numbers',
    generation: 1,
    n: 1,
    err: { message: 'seen' },
  })
  expect(gateway.registry.inputs[0]!.series.size).toBe(1)
  expect(gateway.registry.inputs[0]!.intake.unaccounted).toBe(0)
})

test.each([
  ['exit', /ended with process.exit\(3\)/],
  ['throw later', /thrown later/],
  ['throw nothing', /an exception that nobody caught: object was thrown instead of an error/],
  ['tell nonsense', /said what the host does not understand/],
  ['reject later', /rejected later/],
  ['leak', /MiB of memory, more than the 64 MiB/],
  ['loop', /did not turn for 6 s/],
  ['loop and count', /did not turn for 6 s/],
  ['fail and loop', /lost its session: again/],
  ['loop and ask', /did not turn for 6 s|MiB of memory/],
])(
  'what ends a plugin (%s) ends its generation only; it comes back and goes on',
  async (text, reason) => {
    const faults = heardFaults()
    const { send, shelf, gateway, bench } = await decoding({ worker: { memory: '64MiB' } })
    await send('[1]')
    const lag = monitorEventLoopDelay({ resolution: 20 })
    lag.enable()
    const fate = send(text)
    await until('it has ended', () => bench.lines.some(({ msg }) => reason.test(msg)), 20_000)
    lag.disable()
    // The host itself turned meanwhile.
    expect(lag.max / 1e6).toBeLessThan(2000)
    await until('it is back', () => viewOf(gateway, 'numbers').state === 'ready', 20_000)
    expect(viewOf(gateway, 'numbers').generation).toBeGreaterThan(1)
    expect(await send('[2]')).toBe('settled')
    expect(shelf.ids).toEqual([1, 2])
    if (!/^(exit|loop|tell nonsense)/.test(text)) expect(await fate).toBe('settled')
    expect(faults).toEqual([])
  },
  60_000,
)

test('what a plugin posts to whoever started its thread is not meant for the host, and disturbs nobody', async () => {
  const faults = heardFaults()
  const { send, gateway, bench } = await decoding()
  expect(await send('post')).toBe('settled')
  await until('its line is logged', () => bench.lines.some(({ msg }) => msg === 'posted'))
  expect(bench.lines.find(({ msg }) => msg === 'posted')).toMatchObject({ is: { fault: null } })
  expect(viewOf(gateway, 'numbers')).toMatchObject({ generation: 1, state: 'ready' })
  expect(faults).toEqual([])
})

/** What would have ended the process. */
function heardFaults(): readonly unknown[] {
  const faults: unknown[] = []
  const hear = (fault: unknown): void => void faults.push(fault)
  process.on('uncaughtException', hear).on('unhandledRejection', hear)
  onTestFinished(() => void process.off('uncaughtException', hear).off('unhandledRejection', hear))
  return faults
}

test('an input whose subscription changes goes on over the new one, in its thread; the old one ends', async () => {
  const { bench, gateway, hand, shelf } = await decoding()
  const { spec } = gateway.registry.inputs[0]!
  await gateway.registry.updateInput(gateway.registry.inputs[0]!, {
    ...spec,
    from: { transport: 'hand', subscription: { other: 1 } },
  })
  await until('the old one has ended', () => hand.log.length === 5)
  expect(hand.log).toEqual(
    ['subscribe', 'start', 'subscribe', 'start', 'stop'].map((verb) => `${verb} numbers`),
  )
  await hand.deliver('numbers', 5)
  expect(shelf.ids).toEqual([5])
  expect(bench.lines.filter(({ level }) => level === 'error')).toEqual([])
})

test('a message on which a decoder ends is tried once alone, then refused for good and kept; the others go on', async () => {
  const { send, shelf, gateway } = await decoding()
  const fates = await Promise.all([send('[1]'), send('[2]'), send('exit'), send('[3]'), send('[4]')])
  expect(fates.map((fate) => fate.slice(0, 20))).toEqual([
    'settled',
    'settled',
    'the plugin ended on ',
    'settled',
    'settled',
  ])
  expect(shelf.ids).toEqual([1, 2, 3, 4])
  const { intake } = gateway.registry.inputs[0]!
  expect(intake.counts).toMatchObject({ received: 5, settled: 4, refused: 1, returned: 0 })
  expect(intake.unaccounted).toBe(0)
}, 60_000)

test('a message on which a decoder gives itself up and hangs is refused as one on which it ends', async () => {
  const { send, shelf, gateway } = await decoding()
  const fates = await Promise.all([send('[1]'), send('fail, then loop'), send('[2]')])
  expect(fates.map((fate) => fate.slice(0, 20))).toEqual(['settled', 'the plugin ended on ', 'settled'])
  expect(shelf.ids).toEqual([1, 2])
  expect(gateway.registry.inputs[0]!.intake.unaccounted).toBe(0)
}, 60_000)

test('a decoder that ends while the one before it still stops: the one message is refused, and no other', async () => {
  const { bench, gateway, send, shelf } = await decoding()
  const hanging = stranger(
    bench,
    'input',
    '2.0.0',
    DECODER.replace(/},\n\}\)$/, '}, stop: () => new Promise(() => {}) })'),
  )
  await gateway.swap('numbers', hanging)
  const swapped = gateway.swap('numbers', stranger(bench, 'input', '3.0.0', DECODER))
  await until('the third works', () => viewOf(gateway, 'numbers').generation === 3)
  const fates = [send('exit')]
  for (let i = 0; i < 200; i++) {
    fates.push(send(`[${i}]`))
    if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await swapped
  expect((await Promise.all(fates)).filter((fate) => fate !== 'settled')).toEqual([
    expect.stringMatching(/^the plugin ended on it/),
  ])
  expect(shelf.ids.toSorted((a, b) => Number(a) - Number(b))).toEqual(
    Array.from({ length: 200 }, (_, i) => i),
  )
  expect(gateway.registry.inputs[0]!.intake.unaccounted).toBe(0)
}, 60_000)

test('20 swaps of a decoder in a thread under a stream: every message is decoded once, in order', async () => {
  const { bench, send, shelf, gateway } = await decoding()
  const versions = ['2.0.0', '3.0.0'].map((version) => stranger(bench, 'input', version, DECODER))
  let sent = 0
  let sending = true
  const fates: Promise<string>[] = []
  const stream = (async () => {
    while (sending) {
      for (let i = 0; i < 20; i++) fates.push(send(`[${sent++}]`))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  for (let i = 0; i < 20; i++) await gateway.swap('numbers', versions[i % 2]!)
  sending = false
  await stream
  expect(new Set(await Promise.all(fates))).toEqual(new Set(['settled']))
  expect(shelf.ids).toEqual(Array.from({ length: sent }, (_, i) => i))
  expect(gateway.registry.inputs[0]!.series.size).toBe(1)
}, 60_000)

const WRITER = `open: ({ metrics, http }) => {
  const seen = []
  return {
    async write(batch) {
      const ids = batch.signal === 'metric' ? Array.from(batch.values) : batch.records.map(({ id }) => id)
      if (ids.includes(666)) process.exit(1)
      if (ids.includes(13)) return { rejected: [{ index: ids.indexOf(13), error: Object.assign(new Error('unlucky'), { retryable: false }) }] }
      metrics.counter('stranger_total', 'Seen.').inc(batch.length)
      seen.push(...ids)
    },
    exportState: () => seen.slice(),
    restore: (state) => void seen.push(...state),
    health: () => ({ state: 'degraded', reason: 'seen ' + seen.join() }),
  }
}`

async function writing() {
  const bench = await makeBench()
  const hand = makeHand()
  const decoder = bench.plugin('input', 'numbers', () => ({
    decode({ body }, out) {
      for (const number of JSON.parse(body.toString()) as number[])
        out.sample({ name: 'n', labels: {}, type: 'gauge', intervalMs: 0 }, number, 0)
    },
  }))
  const gateway = bench.gateway({
    transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
    inputs: { numbers: { plugin: decoder, from: { transport: 'hand' } } },
    outputs: { far: { plugin: stranger(bench, 'output', '1.0.0', WRITER) } },
  })
  await gateway.start()
  const seen = (): Promise<unknown> =>
    until('its health is known', () => viewOf(gateway, 'far').reason?.replace('seen ', '') || undefined)
  return { bench, hand, gateway, seen }
}

test('an output in a thread: partial rejections, metrics, health, and state through a swap', async () => {
  const { bench, hand, gateway, seen } = await writing()
  await hand.deliver('numbers', 1, 2)
  await expect(hand.deliver('numbers', 3, 13)).rejects.toThrow('refused')
  await until('its health has come', async () => (await seen()) === '1,2')
  await gateway.swap('far', stranger(bench, 'output', '2.0.0', WRITER))
  await hand.deliver('numbers', 4)
  await until('the state has come along', async () => String(await seen()).endsWith('4'))
  expect(String(await seen()).startsWith('1,2')).toBe(true)
  const page = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
  expect(page).toContain('smart_gateway_stranger_total{component="far"} 3')
})

test('a record on which an output ends is tried once alone, then refused for good; the others of its batch are written', async () => {
  const { hand, gateway, seen } = await writing()
  const fates = await Promise.allSettled([
    hand.deliver('numbers', 1),
    hand.deliver('numbers', 2, 666),
    hand.deliver('numbers', 3),
  ])
  expect(fates.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await until('the others are there', async () => String(await seen()).includes('3'))
  const { unaccounted, queue } = gateway.registry.outputs[0]!
  expect(unaccounted).toBe(0)
  expect(queue.ledger.total).toMatchObject({ rejected: 1 })
}, 60_000)

test('a page that a plugin serves in a thread is answered through every swap', async () => {
  const bench = await makeBench()
  const page = (word: string): string => `open: async ({ http }) => {
    const { url } = await http.serve({ host: '127.0.0.1', port: 0, path: '/x' }, async (request) =>
      new Response('${word} ' + request.method + ' ' + (await request.text()), { headers: { 'x-a': 'b' } }))
    return { address: url, async write() {} }
  }`
  const gateway = bench.gateway({
    outputs: { far: { plugin: stranger(bench, 'output', '1.0.0', page('old')) } },
  })
  await gateway.start()
  const url = viewOf(gateway, 'far').address!
  const ask = async (): Promise<string> => {
    const answer = await fetch(url, { method: 'POST', body: 'body' })
    return `${answer.status} ${answer.headers.get('x-a')} ${await answer.text()}`
  }
  expect(await ask()).toBe('200 b old POST body')
  let asking = true
  const answers = new Set<string>()
  const asked = (async () => {
    while (asking) answers.add(await ask())
  })()
  await gateway.swap('far', stranger(bench, 'output', '2.0.0', page('new')))
  await until('the new one answers', () => answers.has('200 b new POST body'))
  asking = false
  await asked
  expect([...answers]).toEqual(['200 b old POST body', '200 b new POST body'])
})

test('whoever asked a generation for its page still gets it when that is replaced', async () => {
  const bench = await makeBench()
  const page = (word: string): string => `open: async ({ http }) => {
    const { url } = await http.serve({ host: '127.0.0.1', port: 0, path: '/x' }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 300))
      return new Response('${word}')
    })
    return { address: url, async write() {} }
  }`
  const gateway = bench.gateway({
    outputs: { far: { plugin: stranger(bench, 'output', '1.0.0', page('old')) } },
  })
  await gateway.start()
  const asked = fetch(viewOf(gateway, 'far').address!)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await gateway.swap('far', stranger(bench, 'output', '2.0.0', page('new')))
  const answer = await asked
  expect([answer.status, await answer.text()]).toEqual([200, 'old'])
})

test('while a generation that ended is away, its page says so: the port stays bound', async () => {
  const bench = await makeBench()
  const page = `open: async ({ http, stateFolder }) => {
    const { existsSync, writeFileSync } = await import('node:fs')
    const mark = await stateFolder() + '/ended'
    if (existsSync(mark + '.wait')) throw new Error('not yet')
    const { url } = await http.serve({ host: '127.0.0.1', port: 0, path: '/x' }, () => {
      if (existsSync(mark)) return new Response('back')
      writeFileSync(mark, '')
      writeFileSync(mark + '.wait', '')
      process.exit(1)
    })
    return { address: url, async write() {} }
  }`
  const gateway = bench.gateway({
    outputs: { far: { plugin: stranger(bench, 'output', '1.0.0', page) } },
  })
  await gateway.start()
  const url = viewOf(gateway, 'far').address!
  const ask = async (): Promise<string> => {
    const answer = await fetch(url)
    return `${answer.status} ${(await answer.text()).trim()}`
  }
  const first = await ask()
  await until('it has ended', () => viewOf(gateway, 'far').state === 'failed', 10_000)
  expect([first, await ask()]).toEqual(['503 not ready yet', '503 not ready yet'])
  rmSync(join(bench.folder, 'state/instances/far/ended.wait'), { force: true })
  await until('it answers again', async () => (await ask()) === '200 back', 20_000)
}, 40_000)

test('an input that brings its records itself does so from a thread', async () => {
  const bench = await makeBench()
  const shelf = makeShelf()
  const source = `open: () => {
    let timer
    return {
      start(emit) {
        let n = 0
        timer = setInterval(() => void emit((out) => out.sample({ name: 'n', labels: {}, type: 'gauge', intervalMs: 0 }, n++, 0)), 5)
      },
      stop: () => clearInterval(timer),
    }
  }`
  const gateway = bench.gateway({
    inputs: { source: { plugin: stranger(bench, 'input', '1.0.0', source) } },
    outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open) } },
  })
  await gateway.start()
  await until('some have come', () => shelf.ids.length > 5)
  await gateway.stop()
  expect(shelf.ids).toEqual(shelf.ids.map((_, i) => i))
})

test.each([
  ['process', 'is reserved'],
  ['nowhere', 'must be'],
])('isolation: %s is a mistake', async (isolation, reason) => {
  const bench = await makeBench()
  const plugin = stranger(bench, 'output', '1.0.0', WRITER)
  expect(() => bench.gateway({ outputs: { far: { plugin, isolation } } })).toThrow(reason)
  onTestFinished(() => undefined)
})

test('a definition that is none, in a thread, is told as one that is inline', async () => {
  const bench = await makeBench()
  const gateway = bench.gateway({
    outputs: { far: { plugin: stranger(bench, 'output', '1.0.0', 'open: 5') } },
  })
  await gateway.start()
  expect(viewOf(gateway, 'far')).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('has a definition without an open function') as string,
  })
})
