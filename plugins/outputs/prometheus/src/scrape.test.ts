import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { createScrapeHandler } from './scrape.ts'

const PROMETHEUS = {
  'user-agent': 'Prometheus/2.42.0+ds',
  accept:
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  'accept-encoding': 'gzip',
  'x-prometheus-scrape-timeout-seconds': '1',
}

const PIECE_BYTES = 128 * 1024

/** A handler whose pages have `length` pieces that do not compress, and how far its pages got. */
function pageOf(length: number) {
  const seen = { formats: [] as string[], pieces: 0, left: 0 }
  const handler = createScrapeHandler(async function* (format) {
    seen.formats.push(format.contentType)
    try {
      for (let i = 0; i < length; i++) {
        seen.pieces++
        yield randomBytes(PIECE_BYTES)
      }
    } finally {
      seen.left++
    }
  })
  const ask = (init: RequestInit = {}) => handler(new Request('http://127.0.0.1:9103/metrics', init))
  return { seen, ask }
}

test('Prometheus gets gzipped OpenMetrics, from the headers it really sends', async () => {
  const handler = createScrapeHandler(async function* () {
    yield Buffer.from('a 1\n')
    yield Buffer.from('# EOF\n')
  })
  const response = handler(new Request('http://127.0.0.1:9103/metrics', { headers: PROMETHEUS }))
  expect(response.status).toBe(200)
  expect(Object.fromEntries(response.headers)).toEqual({
    'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    'content-encoding': 'gzip',
    vary: 'Accept, Accept-Encoding',
  })
  expect(gunzipSync(await response.arrayBuffer()).toString()).toBe('a 1\n# EOF\n')
})

test('who asks for nothing in particular gets plain text', async () => {
  const handler = createScrapeHandler(async function* () {
    yield Buffer.from('a 1\n')
  })
  const response = handler(new Request('http://127.0.0.1:9103/metrics'))
  expect(Object.fromEntries(response.headers)).toEqual({
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    vary: 'Accept, Accept-Encoding',
  })
  expect(await response.text()).toBe('a 1\n')
})

test('an empty page is an empty body', async () => {
  const { ask } = pageOf(0)
  expect(await ask().text()).toBe('')
  expect(gunzipSync(await ask({ headers: PROMETHEUS }).arrayBuffer())).toHaveLength(0)
})

test('a large page survives gzip', async () => {
  const { ask } = pageOf(50)
  expect(gunzipSync(await ask({ headers: PROMETHEUS }).arrayBuffer())).toHaveLength(50 * PIECE_BYTES)
})

test('HEAD has the headers of GET, and makes no page', async () => {
  const { ask, seen } = pageOf(1)
  const head = ask({ method: 'HEAD', headers: PROMETHEUS })
  const get = ask({ headers: PROMETHEUS })
  expect(head.status).toBe(200)
  expect([...head.headers]).toEqual([...get.headers])
  expect(await head.text()).toBe('')
  await get.arrayBuffer()
  expect(seen.formats).toHaveLength(1)
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('%s is not allowed', async (method) => {
  const { ask, seen } = pageOf(1)
  const response = ask({ method })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('GET, HEAD')
  expect(await response.text()).toContain('GET')
  expect(seen.formats).toHaveLength(0)
})

for (const [kind, headers] of [
  ['plain', {}],
  ['gzipped', PROMETHEUS],
] as const) {
  test(`a slow reader of a ${kind} page does not make it grow in memory`, async () => {
    const { ask, seen } = pageOf(1000)
    const reader = (ask({ headers }).body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    let settled = -1
    while (settled !== seen.pieces) {
      settled = seen.pieces
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(seen.pieces).toBeLessThan(10)
    await reader.cancel()
    await vi.waitFor(() => expect(seen.left).toBe(1))
  })

  test(`a reader that goes away ends its ${kind} page`, async () => {
    const { ask, seen } = pageOf(1000)
    const reader = (ask({ headers }).body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    await vi.waitFor(() => expect(seen.left).toBe(1))
    expect(seen.pieces).toBeLessThan(10)
  })

  test(`an aborted request ends its ${kind} page, which cannot be taken for a whole one`, async () => {
    const { ask, seen } = pageOf(1000)
    const controller = new AbortController()
    const reader = (
      ask({ headers, signal: controller.signal }).body as ReadableStream<Uint8Array>
    ).getReader()
    await reader.read()
    controller.abort()
    const drain = async () => {
      while (!(await reader.read()).done);
    }
    await expect(drain()).rejects.toThrow()
    await vi.waitFor(() => expect(seen.left).toBe(1))
    expect(seen.pieces).toBeLessThan(10)
  })

  test(`a page that fails half-way fails for the reader of the ${kind} page too`, async () => {
    const handler = createScrapeHandler(async function* () {
      yield Buffer.from('a 1\n')
      throw new Error('cannot go on')
    })
    await expect(handler(new Request('http://127.0.0.1:9103/', { headers })).text()).rejects.toThrow(
      'cannot go on',
    )
  })

  test(`a ${kind} page leaves no timer when it was read`, async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { ask } = pageOf(1)
      await ask({ headers }).arrayBuffer()
      await vi.waitUntil(() => vi.getTimerCount() === 0)
    } finally {
      vi.useRealTimers()
    }
  })

  test(`a ${kind} page that nobody reads on is dropped after 5 minutes`, async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { ask, seen } = pageOf(1000)
      const reader = (ask({ headers }).body as ReadableStream<Uint8Array>).getReader()
      await reader.read()
      vi.advanceTimersByTime(5 * 60_000)
      const drain = async () => {
        while (!(await reader.read()).done);
      }
      await expect(drain()).rejects.toThrow()
      await vi.waitUntil(() => seen.left === 1)
    } finally {
      vi.useRealTimers()
    }
  })
}
