import { expect, test } from 'vitest'
import { startElasticsearch } from './elasticsearch/index.ts'
import { startLoki } from './loki/index.ts'
import { bulkItems, postBulk } from './testing/bulk.ts'
import { closedAfterwards } from './testing/cleanup.ts'
import { ns, push, pushOne } from './testing/push.ts'
import { request } from './testing/request.ts'

const closed = closedAfterwards()
const elasticsearch = async () => closed(await startElasticsearch())
const loki = async () => closed(await startLoki())
const BODY = '{"index":{"_index":"a"}}\n{}\n'

test('a status is answered in place of the real answer, as often as told, and nothing is stored', async () => {
  const store = await elasticsearch()
  const fault = store.fail({
    status: 503,
    body: { error: 'later' },
    headers: { 'retry-after': '1' },
    times: 2,
  })
  for (let n = 0; n < 2; n += 1) {
    const reply = await postBulk(store, BODY)
    expect([reply.status, reply.json(), reply.headers.get('retry-after')]).toEqual([
      503,
      { error: 'later' },
      '1',
    ])
    expect(reply.headers.get('x-elastic-product')).toBe('Elasticsearch')
  }
  expect([fault.hits, store.documents().length]).toEqual([2, 0])
  expect((await postBulk(store, BODY)).status).toBe(200)
  expect(store.requests.map(({ status }) => status)).toEqual([503, 503, 200])
})

test('a rule without times works until it is stopped', async () => {
  const store = await loki()
  const fault = store.fail({ status: 429 })
  await push(store, { streams: [] })
  expect((await push(store, { streams: [] })).status).toBe(429)
  fault.stop()
  expect((await pushOne(store, { a: 'b' }, [ns(), 'x'])).status).toBe(204)
  expect(fault.hits).toBe(2)
})

test('rules hit the paths that write, unless they name others', async () => {
  const store = await elasticsearch()
  store.fail({ status: 500, path: /^\/$/ })
  expect((await request(store.url)).status).toBe(500)
  expect((await postBulk(store, BODY)).status).toBe(200)
})

test('a page of a proxy, a redirect and an error inside a 200 can be answered', async () => {
  const store = await elasticsearch()
  store.fail({ html: '<html>Bad Gateway</html>', times: 1 })
  store.fail({ redirect: 'http://127.0.0.1:1/', times: 1 })
  store.fail({ errorInside200: 'no shard available', times: 1 })
  const page = await postBulk(store, BODY)
  expect([page.status, page.headers.get('content-type'), page.text]).toEqual([
    502,
    'text/html; charset=utf-8',
    '<html>Bad Gateway</html>',
  ])
  const moved = await postBulk(store, BODY)
  expect([moved.status, moved.headers.get('location')]).toEqual([307, 'http://127.0.0.1:1/'])
  const odd = await postBulk(store, BODY)
  expect([odd.status, odd.json()]).toMatchObject([
    200,
    { error: { reason: 'no shard available' }, status: 500 },
  ])
  expect(store.documents()).toEqual([])
})

test.each([
  ['before', 0],
  ['mid', 1],
  ['after', 1],
] as const)('a connection cut %s leaves %i documents', async (hangUp, stored) => {
  const store = await elasticsearch()
  const fault = store.fail({ hangUp, times: 1 })
  await expect(postBulk(store, BODY)).rejects.toThrow()
  expect([fault.hits, store.documents().length]).toEqual([1, stored])
  expect(store.requests[0]?.status).toBeUndefined()
  expect((await postBulk(store, BODY)).status).toBe(200)
})

test.each(['before', 'mid', 'after'] as const)(
  'an answer without a body can be cut %s too',
  async (hangUp) => {
    const store = await loki()
    store.fail({ hangUp, times: 1 })
    await expect(pushOne(store, { a: 'b' }, [ns(), 'x'])).rejects.toThrow()
    expect(store.entries).toHaveLength(hangUp === 'before' ? 0 : 1)
  },
)

test('a delay only delays, and closing does not wait for it', async () => {
  const store = await elasticsearch()
  store.fail({ delayMs: 60, times: 1 })
  const startedAt = performance.now()
  expect((await postBulk(store, BODY)).status).toBe(200)
  expect(performance.now() - startedAt).toBeGreaterThan(55)
  store.fail({ delayMs: 600_000 })
  const waiting = expect(postBulk(store, BODY)).rejects.toThrow()
  while (store.requests.length < 2) await new Promise((resolve) => setImmediate(resolve))
  await store.close()
  await waiting
})

test('single items of a bulk request can be refused', async () => {
  const store = await elasticsearch()
  const fault = store.fail({
    items: ({ document }, n) =>
      n === 1
        ? { status: 429, type: 'es_rejected_execution_exception', reason: JSON.stringify(document) }
        : undefined,
    times: 1,
  })
  const items = await bulkItems(
    store,
    ...['1', '2', '3'].flatMap((id) => [{ index: { _index: 'a', _id: id } }, { id }]),
  )
  expect(items.map(({ status }) => status)).toEqual([201, 429, 201])
  expect(items[1]?.error).toEqual({ type: 'es_rejected_execution_exception', reason: '{"id":"2"}' })
  expect([fault.hits, store.documents().map(({ id }) => id)]).toEqual([1, ['1', '3']])
})

test('single streams of a push can be refused', async () => {
  const store = await loki()
  store.fail({
    items: ({ labels }) => (labels['n'] === '1' ? { status: 429, reason: 'too fast' } : undefined),
  })
  const reply = await push(store, {
    streams: ['1', '2'].map((n) => ({ stream: { n }, values: [[ns(), n]] })),
  })
  expect([reply.status, reply.text]).toEqual([429, 'too fast\n'])
  expect(store.entries.map(({ line }) => line)).toEqual(['2'])
})
