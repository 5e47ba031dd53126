import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { metricBatch, testContext } from '@smart-gateway/sdk/testing'
import { expect, test, vi } from 'vitest'
import { aSeries } from '../test/fixture.ts'
import definition from './index.ts'

const DEFAULTS = {
  host: '127.0.0.1',
  port: 9103,
  path: '/metrics',
  timestamps: false,
  expireIntervals: 5,
  expireAfterMs: 300_000,
  maxSeries: 200_000,
}

async function open(options: Partial<typeof DEFAULTS> = {}) {
  const context = testContext({ ...DEFAULTS, ...options })
  const session = await definition.open(context)
  return {
    context,
    session,
    write: (...samples: [series: ReturnType<typeof aSeries>, value: number, timeMs?: number][]) =>
      session.write(metricBatch(samples.map(([series, value, timeMs = 0]) => ({ series, value, timeMs })))),
    async follow(
      ...samples: readonly [series: ReturnType<typeof aSeries>, value: number, timeMs?: number][]
    ) {
      await session.follow?.(
        metricBatch(samples.map(([series, value, timeMs = 0]) => ({ series, value, timeMs }))),
      )
    },
    async page(path = '/metrics') {
      const handler = context.handlers.get(path)
      const response = await handler?.(new Request('http://127.0.0.1:9103/'))
      return response?.text()
    },
  }
}

test('what is written can be scraped', async () => {
  const { session, write, page, context } = await open()
  await write([aSeries('collectd_cpu_percent', { host: 'a' }), 1.5])
  expect(await page()).toBe(
    '# HELP collectd_cpu_percent collectd_cpu_percent\n# TYPE collectd_cpu_percent gauge\ncollectd_cpu_percent{host="a"} 1.5\n',
  )
  expect(context.values.get('prometheus_scrapes_total')).toBe(1)
  expect(context.values.get('prometheus_series')).toBe(1)
  expect(session.health?.()).toEqual({ state: 'ready' })
  await session.stop?.()
})

test('every option has a description and a default', () => {
  for (const option of Object.values(definition.options.properties)) {
    expect(option.description).toMatch(/\.$/)
    expect(option).toHaveProperty('default')
  }
  const defaults = Object.entries(definition.options.properties).map(([name, option]) => [
    name,
    option.default,
  ])
  expect(Object.fromEntries(defaults)).toEqual(DEFAULTS)
})

test('the page is where the options say, with times if they say so', async () => {
  const { session, write, page } = await open({ path: '/here', timestamps: true })
  await write([aSeries('x'), 1, 1_700_000_000_000])
  expect(await page('/here')).toContain('x 1 1700000000000\n')
  await session.stop?.()
})

test('after stop the page is gone; stopping twice is fine', async () => {
  const { session, context } = await open()
  await session.stop?.()
  await session.stop?.()
  expect(context.handlers.size).toBe(0)
})

test('an address that cannot be had fails the opening with its code', async () => {
  const context = testContext(DEFAULTS)
  const taken = Promise.reject(Object.assign(new Error('address in use'), { code: 'EADDRINUSE' }))
  await expect(definition.open({ ...context, http: { serve: () => taken } })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
})

test('expired series leave the page at once and the store soon after, counted', async () => {
  const { session, write, page, context } = await open()
  await write([aSeries('x', {}, { intervalMs: 20 }), 1])
  await vi.waitFor(async () => expect(await page()).toBe(''), { timeout: 5000 })
  await vi.waitFor(() => expect(context.values.get('prometheus_expired_series_total')).toBe(1), {
    timeout: 5000,
  })
  expect(context.values.get('prometheus_series')).toBe(0)
  await session.stop?.()
})

test('a full output refuses new series, counts, says so once and is degraded', async () => {
  const { session, write, page, context } = await open({ maxSeries: 1 })
  await write([aSeries('a'), 1], [aSeries('b'), 1])
  await write([aSeries('b'), 1], [aSeries('c'), 1])
  expect(await page()).toContain('a 1\n')
  expect(context.values.get('prometheus_refused_samples_total')).toBe(3)
  expect(context.lines.filter(([level]) => level === 'warn')).toHaveLength(1)
  expect(session.health?.()).toMatchObject({
    state: 'degraded',
    reason: expect.stringContaining('maxSeries'),
  })
  await session.stop?.()
})

test('a series that is too long is refused, counted and named once; health says which limit it was', async () => {
  const { session, write, page, context } = await open({ maxSeries: 1 })
  const long = aSeries('long', { host: 'h'.repeat(4_000_000) })
  await write([long, 1], [aSeries('a'), 1])
  await write([long, 2])
  expect(await page()).not.toContain('long')
  expect(context.values.get('prometheus_refused_samples_total')).toBe(2)
  const tooLong = expect.stringMatching(/^refuses .* more than 8192 bytes/)
  expect(context.lines.filter(([level]) => level === 'warn')).toEqual([['warn', tooLong, { metric: 'long' }]])
  expect(session.health?.()).toEqual({ state: 'degraded', reason: tooLong })
  await write([aSeries('b'), 1])
  expect(session.health?.()).toMatchObject({ reason: expect.stringMatching(/maxSeries.*; refuses .*8192/) })
  await session.stop?.()
})

test('a type conflict is counted for each series and logged once for each name', async () => {
  const { session, write, context } = await open()
  const conflicting = aSeries('x', { a: '2' }, { type: 'counter' })
  await write(
    [aSeries('x', { a: '1' }), 1],
    [conflicting, 2],
    [aSeries('x', { a: '3' }, { type: 'untyped' }), 3],
  )
  await write([conflicting, 2])
  expect(context.values.get('prometheus_type_conflicts_total')).toBe(2)
  const warnings = context.lines.filter(([level]) => level === 'warn')
  expect(warnings).toEqual([
    [
      'warn',
      expect.stringContaining('x is sent with two types'),
      { metric: 'x', shownAs: 'gauge', alsoSentAs: 'counter' },
    ],
  ])
  await session.stop?.()
})

test('samples out of order are counted', async () => {
  const { session, write, context } = await open()
  const series = aSeries('x')
  await write([series, 2, 60_000], [series, 1, 59_000])
  expect(context.values.get('prometheus_stale_samples_total')).toBe(1)
  await session.stop?.()
})

test('a swap hands the series over, as they are or cloned, and the new generation goes on with them', async () => {
  for (const transfer of [(state: unknown) => state, structuredClone]) {
    const before = await open()
    const series = aSeries('x', { a: '1' })
    await before.write([series, 1, 60_000], [aSeries('y_total', {}, { type: 'counter' }), 5])
    const after = await open()
    await after.session.restore?.(transfer(await before.session.exportState?.()))
    await before.session.stop?.()
    expect(await after.page()).toContain('x{a="1"} 1\n')
    await after.write([series, 0, 59_000], [aSeries('y_total', {}, { type: 'counter' }), 6])
    await after.write([series, 3, 61_000])
    expect(await after.page()).toContain('x{a="1"} 3\n')
    expect(await after.page()).toContain('y_total 6\n')
    expect(after.context.values.get('prometheus_series')).toBe(2)
    expect(after.context.values.get('prometheus_stale_samples_total')).toBe(1)
    await after.session.stop?.()
  }
})

test('what is handed over stands for the moment it was asked for; the rest is followed, and counted by one', async () => {
  const [before, after] = [await open({ maxSeries: 2 }), await open({ maxSeries: 2 })]
  const [x, y] = [aSeries('x'), aSeries('y')]
  await before.write([x, 1])
  const exported = before.session.exportState?.()
  const later = [
    [x, 2],
    [y, 3, 60_000],
    [y, 2, 59_000],
    [aSeries('z'), 4],
  ] satisfies Parameters<typeof before.write>
  await before.write(...later)
  await after.session.restore?.(await exported)
  expect(await after.page()).toBe('# HELP x x\n# TYPE x gauge\nx 1\n')
  await after.follow(...later)
  expect(await after.page()).toBe(await before.page())
  for (const [{ context }, counted] of [[before, 1] as const, [after, undefined] as const]) {
    expect(context.values.get('prometheus_stale_samples_total')).toBe(counted)
    expect(context.values.get('prometheus_refused_samples_total')).toBe(counted)
    expect(context.lines.filter(([level]) => level === 'warn')).toHaveLength(counted ?? 0)
  }
  await before.session.stop?.()
  await after.session.stop?.()
})

test('a swap holds up neither pages nor writes, however many series there are', async () => {
  const before = await open()
  const many = Array.from({ length: 100_000 }, (_, i) => aSeries(`m${i % 500}`, { host: `host-${i}` }))
  await before.write(...many.map((one, i): [typeof one, number] => [one, i]))
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  let done = false
  let writes = 0
  const writing = (async () => {
    for (; !done; writes++) {
      await before.write([many[0]!, writes])
      await nextTurn()
    }
  })()
  const after = await open()
  await after.session.restore?.(await before.session.exportState?.())
  done = true
  await writing
  delays.disable()
  // Ten in the design; a machine that does something else beside the test takes more.
  expect(delays.max / 1e6).toBeLessThan(200)
  expect(writes).toBeGreaterThan(3)
  expect(await samplesOf(after)).toBe(100_000)
  await before.session.stop?.()
  await after.session.stop?.()
})

async function samplesOf({ page }: Awaited<ReturnType<typeof open>>): Promise<number> {
  return (await page())!.split('\n').filter((line) => line.startsWith('m')).length
}

test('a generation that waits for its turn does not touch what the gauge says', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const { session, context } = await open()
    vi.advanceTimersByTime(10_000)
    expect(context.values.has('prometheus_series')).toBe(false)
    await session.stop?.()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('a generation that follows lets go of nothing until it works; what is expired is never shown', async () => {
  const [before, after] = [await open(), await open()]
  const series = aSeries('x', {}, { intervalMs: 20 })
  await before.write([series, 1])
  await after.session.restore?.(await before.session.exportState?.())
  await vi.waitFor(() => expect(before.context.values.get('prometheus_expired_series_total')).toBe(1), {
    timeout: 5000,
  })
  expect(after.context.values.has('prometheus_expired_series_total')).toBe(false)
  expect(await after.page()).toBe('')
  await vi.waitFor(() => expect(after.context.values.get('prometheus_expired_series_total')).toBe(1), {
    timeout: 5000,
  })
  await before.session.stop?.()
  await after.session.stop?.()
})

test('a state that is not understood is left alone, with a word about it', async () => {
  const { session, page, context } = await open()
  for (const state of [undefined, null, 5, 'x', {}, { version: 2, families: [] }])
    await session.restore?.(state)
  expect(await page()).toBe('')
  expect(context.lines.filter(([level]) => level === 'warn')).toHaveLength(6)
  await session.stop?.()
})
