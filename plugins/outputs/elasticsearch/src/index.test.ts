import { gunzipSync } from 'node:zlib'
import type { EventBatch, EventRecord, LogBatch, LogRecord, Options } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import type { Elasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import { afterEach, expect, test } from 'vitest'
import output from './index.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function started(options?: Parameters<typeof startElasticsearch>[0]): Promise<Elasticsearch> {
  const store = await startElasticsearch(options)
  cleanups.push(() => store.close())
  return store
}

const defaults = { template: false, compression: false, maxRequestBytes: 5_242_880, requestTimeoutMs: 5000 }

async function opened(options: Partial<Options<typeof output.options>>) {
  const context = testContext({ ...defaults, ...options }, 'elasticsearch')
  const session = await output.open(context)
  cleanups.push(() => session.stop?.())
  return { session, context }
}

const event: EventRecord = {
  index: 'ceilometer_image',
  timeMs: 1_583_504_009_497,
  timeNs: 96_000,
  severity: 'info',
  publisher: 'telemetry.publisher.controller-0.redhat.local',
  labels: { service: 'image.localhost', size: 9_007_199_254_740_993n },
  annotations: { source_type: 'ceilometer', processed_by: 'sg' },
}
const log: LogRecord = {
  index: 'sglogs-localhost.2021.04.08',
  timeMs: 1_617_888_342_604,
  severity: 'debug',
  publisher: 'localhost',
  labels: { host: 'localhost', severity: '7' },
  message: 'Supervising 0 threads of 0 processes of 0 users.',
}
const events = (...records: EventRecord[]): EventBatch => ({
  signal: 'event',
  length: records.length,
  records,
})
const logs = (...records: LogRecord[]): LogBatch => ({ signal: 'log', length: records.length, records })

test.for(['7.17.0', '8.19.0', '9.1.0'] as const)(
  'events and log lines reach Elasticsearch %s, each in its own index',
  async (version) => {
    const store = await started({ version })
    const { session, context } = await opened({ node: store.url, template: true })
    expect(context.lines).toContainEqual(['info', `Elasticsearch answers at ${store.url}`, { version }])
    expect(await session.write(events({ ...event, id: '084c0bca' }))).toEqual({ rejected: [] })
    expect(await session.write(logs(log, log))).toEqual({ rejected: [] })
    expect(store.documents('ceilometer_image')).toMatchObject([
      {
        id: '084c0bca',
        source: {
          '@timestamp': '2020-03-06T14:13:29.497096000Z',
          event_type: 'event',
          generated: '2020-03-06T14:13:29.497096000Z',
          severity: 'info',
          publisher: event.publisher,
          labels: event.labels,
          annotations: event.annotations,
        },
      },
    ])
    const lines = store.documents('sglogs-localhost.2021.04.08')
    expect(lines.map(({ source }) => source['message'])).toEqual([log.message, log.message])
    expect(lines[0]?.source['labels']).toEqual({ host: 'localhost', severity: 'debug' })
    expect(session.health?.()).toEqual({ state: 'ready' })
    expect(session.address).toBe(store.url)
  },
)

test('redelivery of a record with an id makes no second document, and is a success', async () => {
  const store = await started()
  const { session } = await opened({ node: store.url })
  const batch = events({ ...event, id: 'a' }, { ...event, id: 'b' }, event)
  await session.write(batch)
  expect(await session.write(batch)).toEqual({ rejected: [] })
  expect(store.documents('ceilometer_image')).toHaveLength(4)
})

test.for(['after', 'mid'] as const)(
  'when the connection is cut %s storing, the same batch again makes no duplicates of records with an id',
  async (hangUp) => {
    const store = await started()
    const { session } = await opened({ node: store.url })
    const fault = store.fail({ hangUp, times: 1 })
    const batch = events({ ...event, id: 'a' }, { ...event, id: 'b' })
    await expect(session.write(batch)).rejects.toMatchObject({ retryable: true })
    expect(fault.hits).toBe(1)
    expect(await session.write(batch)).toEqual({ rejected: [] })
    expect(store.documents('ceilometer_image').map(({ id }) => id)).toEqual(['a', 'b'])
  },
)

test('of a batch, what is throttled is given back, what does not fit is refused for good, the rest is stored', async () => {
  const store = await started()
  const { session } = await opened({ node: store.url })
  await session.write(events({ ...event, labels: { size: 12 } }))
  const fault = store.fail({
    times: 1,
    items: (_, n) =>
      n === 0 ? { status: 429, type: 'es_rejected_execution_exception', reason: 'queue is full' } : undefined,
  })
  const result = await session.write(
    events(event, { ...event, labels: { size: { of: 'a text' } } }, { ...event, publisher: 'good' }),
  )
  expect(fault.hits).toBe(1)
  expect(result).toEqual({
    rejected: [
      { index: 0, error: expect.objectContaining({ retryable: true, code: 'HTTP_429' }) },
      { index: 1, error: expect.objectContaining({ retryable: false, code: 'HTTP_400' }) },
    ],
  })
  expect(store.documents('ceilometer_image').map(({ source }) => source['publisher'])).toEqual([
    event.publisher,
    'good',
  ])
  expect(session.health?.()).toEqual({ state: 'degraded', reason: expect.stringContaining('queue is full') })
})

test('with the template a label may be a number here and a text or an object there', async () => {
  const store = await started()
  const { session } = await opened({ node: store.url, template: true })
  const sizes = [12, 'large', { of: 'a text' }, 1.5, null, true, 9_223_372_036_854_775_808n, ['a', 1]]
  const batch = events(...sizes.map((size) => ({ ...event, labels: { size } })))
  expect(await session.write(batch)).toEqual({ rejected: [] })
  const long = { ...event, annotations: { summary: 'ü'.repeat(40_000) } }
  expect(await session.write(events(long))).toEqual({ rejected: [] })
})

test('data streams take all events and all log lines, with and without an id', async () => {
  const store = await started()
  const dataStream = { events: 'events-smartgateway-default', logs: 'logs-smartgateway-default' }
  const { session } = await opened({ node: store.url, dataStream, template: true })
  const batch = events({ ...event, id: 'a' }, { ...event, timeMs: 0 }, { ...event, index: 'collectd_memory' })
  expect(await session.write(batch)).toEqual({ rejected: [] })
  expect(await session.write(batch)).toEqual({ rejected: [] })
  expect(await session.write(logs(log))).toEqual({ rejected: [] })
  expect(store.documents(dataStream.events)).toHaveLength(5)
  expect(store.documents(dataStream.logs)).toHaveLength(1)
  expect([...store.indices.values()].map(({ name, isDataStream }) => [name, isDataStream])).toEqual([
    [dataStream.events, true],
    [dataStream.logs, true],
  ])
})

test('installing the templates again changes nothing; a template that is in the way fails open with its reason', async () => {
  const store = await started()
  await opened({ node: store.url, template: true })
  await opened({ node: store.url, template: true })
  expect([...store.templates.keys()].filter((name) => name.startsWith('smart-gateway'))).toEqual([
    'smart-gateway-events',
    'smart-gateway-logs',
  ])
  await fetch(`${store.url}/_index_template/mine`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ index_patterns: ['logs-mine-*'], priority: 500 }),
  })
  const dataStream = { events: 'events-mine-default', logs: 'logs-mine-default' }
  await expect(opened({ node: store.url, template: true, dataStream })).rejects.toMatchObject({
    retryable: false,
    message: expect.stringMatching(
      /^The index template smart-gateway-logs-mine-default cannot be installed: .*priority/,
    ),
  })
})

test('a hostile index name becomes a harmless one', async () => {
  const store = await started()
  const { session } = await opened({ node: store.url })
  const names = [
    '../../_all',
    '_bulk',
    '.kibana',
    'A*,b',
    'x'.repeat(400),
    '',
    '"}}\n{"delete":{"_index":"y"}}',
  ]
  expect(await session.write(logs(...names.map((index) => ({ ...log, index }))))).toEqual({ rejected: [] })
  expect(store.documents()).toHaveLength(names.length)
})

test('basic authentication, from options or from the URL; a wrong password is no reason to give up', async () => {
  const store = await started({ auth: { basic: { user: 'elastic', password: 'p@ss:wörd' } } })
  const inUrl = store.url.replace('//', `//elastic:${encodeURIComponent('p@ss:wörd')}@`)
  for (const options of [{ node: store.url, username: 'elastic', password: 'p@ss:wörd' }, { node: inUrl }]) {
    const { session } = await opened(options)
    expect(await session.write(logs(log))).toEqual({ rejected: [] })
    expect(session.address).toBe(store.url)
  }
  await expect(opened({ node: store.url, username: 'elastic', password: 'wrong' })).rejects.toMatchObject({
    retryable: true,
    code: 'HTTP_401',
    message: expect.stringMatching(/answered 401 .*Check the user and the password/),
  })
})

test('an API key lets in', async () => {
  const store = await started({
    auth: { apiKeys: ['VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw=='] },
  })
  const { session } = await opened({
    node: store.url,
    apiKey: 'VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==',
  })
  expect(await session.write(logs(log))).toEqual({ rejected: [] })
})

test('with compression requests are gzipped and mean the same', async () => {
  const store = await started()
  const { session } = await opened({ node: store.url, compression: true })
  expect(await session.write(logs(...Array.from({ length: 500 }, () => log)))).toEqual({ rejected: [] })
  expect(store.documents()).toHaveLength(500)
  const { headers, body } = store.requests.at(-1)!
  expect(headers['content-encoding']).toBe('gzip')
  expect(gunzipSync(body).length).toBeGreaterThan(body.length * 5)
  const fault = store.fail({ hangUp: 'mid', times: 1 })
  await expect(session.write(logs(log))).rejects.toMatchObject({ retryable: true })
  expect(fault.hits).toBe(1)
})

test('a batch larger than a request may be goes in several', async () => {
  const store = await started({ maxContentLength: 20_000 })
  const { session } = await opened({ node: store.url, maxRequestBytes: 10_000 })
  const result = await session.write(
    logs(...Array.from({ length: 200 }, () => log), { ...log, message: 'x'.repeat(30_000) }),
  )
  expect(result).toEqual({
    rejected: [{ index: 200, error: expect.objectContaining({ retryable: false, code: 'HTTP_413' }) }],
  })
  expect(store.documents()).toHaveLength(200)
  const bulks = store.requests.filter(({ path, status }) => path === '/_bulk' && status === 200)
  expect(Math.max(...bulks.map(({ body }) => body.length))).toBeLessThanOrEqual(10_000)
})

test('of several nodes a dead one is passed over, also when it dies later', async () => {
  const [first, second, third] = await Promise.all([started(), started(), started()])
  await first.close()
  const { session } = await opened({ nodes: [first.url, second.url, third.url] })
  for (let i = 0; i < 6; i += 1) expect(await session.write(logs(log))).toEqual({ rejected: [] })
  await second.close()
  for (let i = 0; i < 6; i += 1) expect(await session.write(logs(log))).toEqual({ rejected: [] })
  expect(second.documents().length + third.documents().length).toBe(12)
  expect(third.documents().length).toBeGreaterThan(6)
})

test('a node that answers 503 is passed over', async () => {
  const [full, good] = await Promise.all([started(), started()])
  const { session } = await opened({ nodes: [full.url, good.url] })
  const fault = full.fail({ status: 503, html: '<html>no server is available</html>' })
  for (let i = 0; i < 4; i += 1) expect(await session.write(logs(log))).toEqual({ rejected: [] })
  expect(fault.hits).toBe(1)
  expect(good.documents()).toHaveLength(4)
})
