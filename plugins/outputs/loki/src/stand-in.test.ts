import { startLoki } from '@smart-gateway/stand-ins/loki'
import type { Loki, LokiOptions as StandInOptions } from '@smart-gateway/stand-ins/loki'
import type { LogRecord, PluginError, Rejection } from '@smart-gateway/sdk'
import { afterEach, expect, test } from 'vitest'
import { events, logs } from '../test/records.ts'
import { openSession } from '../test/session.ts'
import { texts } from '../test/texts.ts'
import type { LokiOptions } from './options.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function standIn(options: StandInOptions = {}): Promise<Loki> {
  const loki = await startLoki(options)
  cleanups.push(loki.close)
  return loki
}

async function opened(loki: Loki, options: Partial<LokiOptions> = {}) {
  const session = await openSession(loki.url, options)
  cleanups.push(() => session.stop?.())
  return session
}

const now = Date.now()
const recent = (...records: Partial<LogRecord>[]) =>
  logs(...records.map((record, i) => ({ timeMs: now + i, ...record })))

const rejectedOf = (result: void | { readonly rejected: readonly Rejection[] }) => result?.rejected ?? []

const errorOf = (promise: Promise<unknown>): Promise<PluginError> =>
  promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error as PluginError,
  )

const storedLines = (loki: Loki) => loki.entries.map(({ line }) => line).toSorted()

test.for(['json', 'protobuf'] as const)(
  'with %s, any text is stored as it was, in its order',
  async (encoding) => {
    const loki = await standIn()
    const session = await opened(loki, { encoding, labels: ['publisher', 'weird'] })
    const given = Array.from(texts(1000), (text, i) => ({
      publisher: `p${i % 3}`,
      labels: { weird: text.slice(0, 2), 'o.k': text },
      message: `${i} ${text}`,
      timeMs: now + i,
      timeNs: i,
    }))
    expect(await session.write(logs(...given))).toBeUndefined()
    const entries = loki.entries.toSorted((a, b) => (a.timestampNs < b.timestampNs ? -1 : 1))
    expect(entries).toHaveLength(1000)
    for (const [i, { line, labels, metadata, timestampNs }] of entries.entries()) {
      const { publisher, message, labels: wanted } = given[i]!
      const weird = wanted.weird.toWellFormed()
      expect(line).toBe(message.toWellFormed())
      expect(timestampNs).toBe(BigInt(now + i) * 1_000_000n + BigInt(i))
      expect(labels).toEqual({ job: 'smart-gateway', publisher, ...(weird && { weird }) })
      expect(metadata['o_k'] ?? '').toBe(wanted['o.k'].toWellFormed())
    }
    for (const stream of loki.streams()) {
      const times = stream.entries.map(({ timestampNs }) => timestampNs)
      expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)))
    }
  },
)

test('events are stored beside logs', async () => {
  const loki = await standIn()
  const session = await opened(loki)
  await session.write(recent({}))
  await session.write(events({ timeMs: now }))
  expect(loki.streams().map(({ labels }) => labels['signal'])).toEqual(['log', 'event'])
  expect(loki.entries[1]!.metadata).toMatchObject({ severity_2: 'FAILURE' })
})

test.for(['json', 'protobuf'] as const)(
  'with %s, one bad stream does not sink the rest, nothing is stored twice',
  async (encoding) => {
    const loki = await standIn()
    const session = await opened(loki, { encoding })
    const records = Array.from({ length: 60 }, (_, i) => ({ publisher: `h${i % 6}`, message: `line ${i}` }))
    const fault = loki.fail({
      items: ({ labels }) =>
        labels['publisher'] === 'h4' ? { status: 400, reason: 'I dislike h4' } : undefined,
    })
    const rejected = rejectedOf(await session.write(recent(...records)))
    expect(fault.hits).toBeGreaterThan(1)
    expect(rejected.map(({ index }) => index % 6)).toEqual(Array.from({ length: 10 }, () => 4))
    expect(
      rejected.every(({ error }) => error.retryable === false && error.message.includes('I dislike h4')),
    ).toBe(true)
    expect(storedLines(loki)).toEqual(
      records
        .filter((_, i) => i % 6 !== 4)
        .map(({ message }) => message)
        .toSorted(),
    )
  },
)

test('lines of a host whose clock is years behind are refused, those of others stored', async () => {
  const loki = await standIn()
  const session = await opened(loki)
  const records = Array.from({ length: 500 }, (_, i) => ({
    publisher: `h${i % 5}`,
    message: `line ${i}`,
    timeMs: i % 5 === 3 ? i + 1 : now + i,
  }))
  const rejected = rejectedOf(await session.write(logs(...records)))
  expect(rejected.map(({ index }) => index % 5)).toEqual(Array.from({ length: 100 }, () => 3))
  expect(loki.entries).toHaveLength(400)
  expect(loki.requests.length).toBeLessThan(5)
})

test('lines that are too new, too long and too far behind are refused one by one', async () => {
  const loki = await standIn()
  const session = await opened(loki)
  await session.write(recent({ message: 'head' }))
  const result = await session.write(
    logs(
      { timeMs: now + 1, message: 'good' },
      { timeMs: now + 3_600_000, message: 'too new' },
      { timeMs: now - 7_200_000, message: 'too far behind' },
      { timeMs: now + 2, message: 'x'.repeat(300_000) },
      { timeMs: now + 3, message: 'good too' },
    ),
  )
  expect(
    rejectedOf(result)
      .map(({ index }) => index)
      .toSorted(),
  ).toEqual([1, 2, 3])
  expect(storedLines(loki)).toEqual(['good', 'good too', 'head'])
})

test.for(['before', 'mid', 'after'] as const)(
  'a connection cut %s: sent again, stored once',
  async (hangUp) => {
    const loki = await standIn()
    const session = await opened(loki, { timeoutMs: 1000 })
    const fault = loki.fail({ hangUp, times: 1 })
    const error = await errorOf(session.write(recent({ message: 'a' }, { message: 'b' })))
    expect([fault.hits, error.retryable]).toEqual([1, true])
    expect(session.health?.().state).toBe('degraded')
    expect(await session.write(recent({ message: 'a' }, { message: 'b' }))).toBeUndefined()
    expect(storedLines(loki)).toEqual(['a', 'b'])
    expect(session.health?.()).toEqual({ state: 'ready' })
  },
)

test.for([
  { html: '<html>Bad Gateway</html>' },
  { html: '<html>Sign in</html>', status: 200 },
  { redirect: 'http://127.0.0.1:9/login' },
  { errorInside200: 'queue full' },
  { status: 503, headers: { 'retry-after': '2' } },
  { delayMs: 60_000 },
])('%j: retryable, nothing is stored', async (fault) => {
  const loki = await standIn()
  const session = await opened(loki, { timeoutMs: 300 })
  const active = loki.fail(fault)
  const error = await errorOf(session.write(recent({})))
  expect([active.hits, error.retryable]).toEqual([1, true])
  if (fault.status === 503) expect(error.retryAfter).toBe(2000)
  expect(loki.entries).toEqual([])
})

test('the rate limit is retryable, and a batch that is larger than a push goes in several', async () => {
  const loki = await standIn({ limits: { rateBytes: 1, burstBytes: 25_000, maxGrpcBytes: 12_000 } })
  const session = await opened(loki, { maxBytes: 8000, structuredMetadata: false })
  const message = 'x'.repeat(990)
  const result = await session.write(
    recent(...Array.from({ length: 40 }, (_, i) => ({ message: message + i }))),
  )
  const rejected = rejectedOf(result)
  expect(loki.entries).toHaveLength(40 - rejected.length)
  expect(loki.entries.length).toBeGreaterThan(15)
  expect(rejected[0]!.error).toMatchObject({ retryable: true, code: 'HTTP_429' })
  expect(rejected[0]!.error.message).toContain('Ingestion rate limit exceeded')
})

test('a tenant is named where there are several', async () => {
  const loki = await standIn({ multiTenant: true })
  expect(await errorOf(opened(loki))).toMatchObject({ retryable: true, code: 'HTTP_401' })
  const session = await opened(loki, { tenant: 'team-a' })
  await session.write(recent({}))
  expect(loki.streams('team-a')).toHaveLength(1)
})

test('Loki 2.8 takes no structured metadata: nothing is lost, and without it all is well', async () => {
  const loki = await standIn({ version: '2.8' })
  const session = await opened(loki)
  const error = await errorOf(session.write(recent({})))
  expect(error).toMatchObject({
    retryable: true,
    message: expect.stringContaining('structuredMetadata: false'),
  })
  const plain = await opened(loki, { structuredMetadata: false })
  expect(await plain.write(recent({}))).toBeUndefined()
  expect(loki.entries).toHaveLength(1)
})

test('the limits of labels and metadata are kept', async () => {
  const loki = await standIn()
  const labels = Array.from({ length: 10 }, (_, i) => `l${i}`)
  const staticLabels = { a: '1', b: '2', c: '3', d: '4', e: '5' }
  const session = await opened(loki, { labels, staticLabels })
  const value = '€'.repeat(5000)
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${i}`, value]))
  const fields = { ...many, ...Object.fromEntries(labels.map((label) => [label, value])) }
  expect(await session.write(recent({ labels: fields }))).toBeUndefined()
  expect(Object.keys(loki.streams()[0]!.labels)).toHaveLength(15)
  expect(session.context.values.get('loki_metadata_left_out_total')).toBeGreaterThan(200)
})

test('a thousand lines that are refused, each with its long labels, sink no good one', async () => {
  const loki = await standIn()
  const session = await opened(loki)
  const records = Array.from({ length: 1000 }, (_, i) => ({
    publisher: 'p'.repeat(1500),
    message: `line ${i}`,
    // Told one by one: Loki counts equal complaints together, and writes seconds.
    timeMs: i === 500 ? now : now + 3_600_000 + i * 1000,
  }))
  const rejected = rejectedOf(await session.write(logs(...records)))
  expect(rejected).toHaveLength(999)
  expect(rejected.every(({ error }) => error.retryable === false)).toBe(true)
  expect(storedLines(loki)).toEqual(['line 500'])
})
