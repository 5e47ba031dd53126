import { expect, test } from 'vitest'
import type { Context, OutputSession } from '@smart-gateway/sdk'
import { retryable } from '@smart-gateway/sdk'
import { makeBench, viewOf } from '../testing/bench.ts'
import type { Bench } from '../testing/bench.ts'
import { until } from '../testing/until.ts'
import type { Gateway } from '../gateway.ts'

const SESSION: OutputSession = { async write() {} }

/** A gateway with one output `x`, and one `well` beside it. */
function gatewayOf(
  bench: Bench,
  open: (context: Context) => OutputSession | Promise<OutputSession>,
): Gateway {
  const plugin = bench.plugin('output', 'x', open)
  const well = bench.plugin('output', 'well', () => SESSION)
  return bench.gateway({ outputs: { x: { plugin }, well: { plugin: well } } })
}

test('an instance that cannot open says so in one line with what to do, the others run, and it is tried again until it can', async () => {
  const bench = await makeBench()
  let tries = 0
  const gateway = gatewayOf(bench, () => {
    if (++tries < 3) throw new Error('connect to 10.0.0.1:9200 failed', { cause: new Error('ECONNREFUSED') })
    return SESSION
  })
  await gateway.start()
  expect(viewOf(gateway, 'well')).toMatchObject({ state: 'ready', generation: 1 })
  expect(viewOf(gateway, 'x')).toMatchObject({
    state: 'failed',
    generation: 0,
    reason: 'x could not open: connect to 10.0.0.1:9200 failed: ECONNREFUSED',
    nextTryMs: expect.any(Number) as number,
  })
  const errors = bench.lines.filter(({ level }) => level === 'error')
  expect(errors).toMatchObject([
    {
      component: 'x',
      code: 'SG_OPEN_FAILED',
      msg: 'output x failed: x could not open: connect to 10.0.0.1:9200 failed: ECONNREFUSED',
      hint: 'Check its options, and that what it connects to runs; the gateway tries again by itself.',
    },
  ])
  await until('it is ready', () => viewOf(gateway, 'x').state === 'ready')
  expect([tries, viewOf(gateway, 'x').generation]).toEqual([3, 3])
})

test('a peer that names its time is left alone until then', async () => {
  const bench = await makeBench()
  const gateway = gatewayOf(bench, () => {
    throw retryable('busy', { retryAfter: 60_000 })
  })
  await gateway.start()
  expect(viewOf(gateway, 'x').nextTryMs! - Date.now()).toBeGreaterThan(50_000)
})

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a string', 'session'],
  ['a session of another kind', { decode() {} }],
  ['a write that is no function', { write: true }],
])('open that returns %s is a fault of the plugin, and what it holds is let go of', async (_, session) => {
  const bench = await makeBench()
  let stopped = 0
  const stop = (): void => void stopped++
  const held = typeof session === 'object' && session !== null ? { ...session, stop } : session
  const gateway = gatewayOf(bench, () => held as OutputSession)
  await gateway.start()
  expect(viewOf(gateway, 'x')).toMatchObject({
    state: 'failed',
    reason: 'open did not return a session with write',
  })
  expect(stopped).toBe(held === session ? 0 : 1)
})

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['a string', 'just a text'],
  [
    'an error without a message',
    Object.assign(new AggregateError([new Error('ECONNREFUSED ::1'), new Error('ECONNREFUSED 127.0.0.1')])),
  ],
])('open that throws %s has a reason all the same', async (_, thrown) => {
  const bench = await makeBench()
  const gateway = gatewayOf(bench, () => {
    throw thrown
  })
  await gateway.start()
  expect(viewOf(gateway, 'x').reason).toMatch(
    /^x could not open(: undefined was thrown instead of an error|: just a text|: ECONNREFUSED ::1, ECONNREFUSED 127\.0\.0\.1)?$/,
  )
})

test('a plugin that cannot be imported, or is none, says so', async () => {
  const bench = await makeBench()
  const broken = bench.plugin('output', 'broken', () => SESSION, { top: `throw new Error('no luck')` })
  const other = bench.plugin('output', 'other', () => SESSION, { api: 2 })
  const gateway = bench.gateway({ outputs: { a: { plugin: broken }, b: { plugin: other } } })
  await gateway.start()
  expect(viewOf(gateway, 'a')).toMatchObject({
    state: 'failed',
    reason: '@smart-gateway/test-output-broken cannot be imported: no luck',
  })
  expect(viewOf(gateway, 'b')).toMatchObject({
    state: 'failed',
    reason: '@smart-gateway/test-output-other is defined for plugin api 2, this gateway speaks 1',
  })
})

test('options that the code of a plugin refuses are told, and its defaults reach it frozen', async () => {
  const bench = await makeBench()
  const seen: unknown[] = []
  const options = {
    type: 'object',
    required: ['url'],
    properties: { url: { type: 'string' }, tls: { type: 'object', default: { verify: true } } },
  }
  const plugin = bench.plugin(
    'output',
    'x',
    (context) => {
      seen.push(context.options)
      return SESSION
    },
    { options },
  )
  const gateway = bench.gateway({
    outputs: { good: { plugin, options: { url: 'a' } }, bad: { plugin, options: { url: 5 } } },
  })
  await gateway.start()
  expect(seen).toEqual([{ url: 'a', tls: { verify: true } }])
  expect(Object.isFrozen((seen[0] as { tls: object }).tls)).toBe(true)
  expect(viewOf(gateway, 'bad').reason).toBe('bad: options.url must be a string, not a number')
})

test('a session that gives itself up is stopped and opened anew', async () => {
  const bench = await makeBench()
  const opened: { fail: (error: Error) => void; stopped: number }[] = []
  const gateway = gatewayOf(bench, ({ fail }) => {
    const one = { fail, stopped: 0 }
    opened.push(one)
    return { ...SESSION, stop: () => void one.stopped++ }
  })
  await gateway.start()
  opened[0]!.fail(new Error('connection reset'))
  opened[0]!.fail(new Error('connection closed'))
  await until('it has failed', () => viewOf(gateway, 'x').state === 'failed')
  expect(viewOf(gateway, 'x').reason).toBe('x lost its session: connection reset')
  await until('it is ready again', () => viewOf(gateway, 'x').state === 'ready')
  opened[0]!.fail(new Error('a late word of the old session'))
  await gateway.swap('well')
  expect([opened.length, opened[0]!.stopped, viewOf(gateway, 'x').state]).toEqual([2, 1, 'ready'])
})

test('a session that comes and goes at once is tried at growing intervals', async () => {
  const bench = await makeBench()
  const waits: number[] = []
  const gateway = gatewayOf(bench, ({ fail }) => {
    fail(new Error('gone at once'))
    return SESSION
  })
  await gateway.start()
  await until('it has failed three times', () => {
    const lost = bench.lines.filter(({ code }) => code === 'SG_SESSION_LOST') as unknown as {
      retryInMs: number
    }[]
    waits.splice(0, waits.length, ...lost.map(({ retryInMs }) => retryInMs))
    return waits.length === 3
  })
  expect(waits).toEqual([100, 200, 400])
})

test('a session that gives itself up while it opens is opened anew', async () => {
  const bench = await makeBench()
  let tries = 0
  const gateway = gatewayOf(bench, ({ fail }) => {
    if (++tries === 1) fail(new Error('already gone'))
    return SESSION
  })
  await gateway.start()
  await until('it is open for good', () => tries === 2 && viewOf(gateway, 'x').state === 'ready')
})

test('an open that hangs holds nobody up, and ends with the gateway; a session that comes late is let go of', async () => {
  const bench = await makeBench()
  const late = Promise.withResolvers<OutputSession>()
  let signal: AbortSignal | undefined
  const gateway = gatewayOf(bench, (context) => {
    signal = context.signal
    return late.promise
  })
  const started = gateway.start()
  await until('the other one is ready', () => viewOf(gateway, 'well').state === 'ready')
  expect(viewOf(gateway, 'x').state).toBe('starting')
  await until('the other one is asked to open', () => signal !== undefined)
  const start = performance.now()
  await gateway.stop()
  expect(performance.now() - start).toBeLessThan(2000)
  await started
  expect(signal!.aborted).toBe(true)
  const stopped = Promise.withResolvers<void>()
  late.resolve({ ...SESSION, stop: () => stopped.resolve() })
  await stopped.promise
})

test('an import that never ends is given up with the gateway too', async () => {
  const bench = await makeBench()
  const plugin = bench.plugin('output', 'x', () => SESSION, { top: 'await new Promise(() => {})' })
  const gateway = bench.gateway({ outputs: { x: { plugin } } })
  void gateway.start()
  await until('it starts', () => viewOf(gateway, 'x').state === 'starting')
  const start = performance.now()
  await gateway.stop()
  expect(performance.now() - start).toBeLessThan(2000)
})

test('an instance that is stopped before its import is over never opens', async () => {
  const bench = await makeBench()
  let opened = 0
  const plugin = bench.plugin('output', 'x', () => {
    opened++
    return new Promise(() => {})
  })
  const gateway = bench.gateway({ outputs: { x: { plugin } } })
  const started = gateway.start()
  await gateway.stop()
  await started
  expect(opened).toBe(0)
})

test('a session that tells of trouble is degraded; one that cannot tell how it is too', async () => {
  const bench = await makeBench()
  let health: () => { state: 'degraded'; reason: string } = () => ({
    state: 'degraded',
    reason: 'disk nearly full',
  })
  const gateway = gatewayOf(bench, () => ({ ...SESSION, health: () => health() }))
  await gateway.start()
  expect(viewOf(gateway, 'x')).toMatchObject({ state: 'degraded', reason: 'disk nearly full' })
  health = () => {
    throw new Error('oops')
  }
  expect(viewOf(gateway, 'x')).toMatchObject({ state: 'degraded', reason: 'it cannot tell how it is: oops' })
})
