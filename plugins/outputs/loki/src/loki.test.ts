import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { PluginError, Rejection } from '@smart-gateway/sdk'
import { afterEach, expect, test, vi } from 'vitest'
import { events, logs } from '../test/records.ts'
import { linesOf, startServer, streamsOf } from '../test/server.ts'
import type { Server } from '../test/server.ts'
import { openSession } from '../test/session.ts'
import output from './index.ts'
import type { LokiOptions } from './options.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function server(): Promise<Server> {
  const started = await startServer()
  cleanups.push(started.close)
  return started
}

async function opened(url: string, options: Partial<LokiOptions> = {}) {
  const session = await openSession(url, options)
  cleanups.push(() => session.stop?.())
  return session
}

/** A session on a server that has let it in; what was received for that is forgotten. */
async function connected(options: Partial<LokiOptions> = {}) {
  const loki = await server()
  const session = await opened(loki.url, options)
  loki.received.length = 0
  return { loki, session }
}

async function errorOf(promise: Promise<unknown>): Promise<PluginError> {
  return promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error as PluginError,
  )
}

const indexes = (rejected: readonly Rejection[] | undefined) => rejected?.map(({ index }) => index)
const rejectedOf = (result: void | { readonly rejected: readonly Rejection[] }) => result?.rejected ?? []

test('logs go to the push API as streams, with their time in nanoseconds and the rest as metadata', async () => {
  const { loki, session } = await connected()
  const labels = { host: 'compute-0', severity: 6, pid: '42', empty: '', nothing: null }
  await session.write(
    logs(
      { message: 'a "b"\n', timeNs: 42, labels, id: 'x' },
      { publisher: 'compute-1', message: 'c' },
      { message: 'd', labels },
    ),
  )
  expect(loki.received).toHaveLength(1)
  const [request] = loki.received
  expect(request).toMatchObject({ method: 'POST', path: '/loki/api/v1/push' })
  expect(request!.headers).toMatchObject({ 'content-type': 'application/json', 'content-encoding': 'gzip' })
  const stream = { job: 'smart-gateway', signal: 'log', severity: 'info' }
  const metadata = { index: 'sglogs-compute_0.2026.11.20', host: 'compute-0', severity_2: '6', pid: '42' }
  expect(streamsOf(request!)).toEqual([
    {
      stream: { ...stream, publisher: 'compute-0' },
      values: [
        ['1795173131635000042', 'a "b"\n', { ...metadata, id: 'x' }],
        ['1795173131635000000', 'd', metadata],
      ],
    },
    {
      stream: { ...stream, publisher: 'compute-1' },
      values: [['1795173131635000000', 'c', { index: metadata.index }]],
    },
  ])
})

test('an event is a line of JSON with all that is known of it', async () => {
  const { loki, session } = await connected()
  await session.write(events({}))
  const [{ stream, values }] = streamsOf(loki.received[0]!) as [ReturnType<typeof streamsOf>[number]]
  expect(stream).toEqual({
    job: 'smart-gateway',
    signal: 'event',
    publisher: 'compute-0',
    severity: 'critical',
  })
  expect(values[0]![1]).toBe(
    '{"index":"collectd_interface_if","severity":"critical","publisher":"compute-0",' +
      '"labels":{"alertname":"collectd_interface_if_octets","severity":"FAILURE"},' +
      '"annotations":{"summary":"too high","value":1152921504606846976}}',
  )
})

test('metrics come only when they are asked for, as lines of logfmt', async () => {
  expect(output.signalsOnRequest).toEqual(['metric'])
  const { loki, session } = await connected({ labels: ['signal', 'host'] })
  const series = (name: string, labels: Record<string, string>) => ({
    name,
    labels,
    type: 'gauge' as const,
    intervalMs: 0,
  })
  const cpu = series('collectd_cpu', { host: 'a', cpu: '0', name: 'x y', 'b-c': 'q"' })
  const load = series('collectd_load', {})
  await session.write({
    signal: 'metric',
    length: 3,
    series: [cpu, load, cpu],
    values: [7.9, Number.NaN, Number.NEGATIVE_INFINITY],
    times: [1_795_173_131_635.5, 1_795_173_131_636, 1_795_173_131_637],
  })
  expect(streamsOf(loki.received[0]!)).toEqual([
    {
      stream: { job: 'smart-gateway', signal: 'metric', host: 'a' },
      values: [
        ['1795173131635500000', 'name=collectd_cpu host=a cpu=0 name_2="x y" b_c="q\\"" value=7.9'],
        ['1795173131637000000', 'name=collectd_cpu host=a cpu=0 name_2="x y" b_c="q\\"" value=-Inf'],
      ],
    },
    {
      stream: { job: 'smart-gateway', signal: 'metric' },
      values: [['1795173131636000000', 'name=collectd_load value=NaN']],
    },
  ])
})

test('records without a time have that of their writing, each its own', async () => {
  const { loki, session } = await connected()
  const before = Date.now()
  await session.write(logs({ timeMs: 0 }, { timeMs: 0 }))
  const times = streamsOf(loki.received[0]!)[0]!.values.map(([time]) => BigInt(time))
  expect(times[0]).toBeGreaterThanOrEqual(BigInt(before) * 1_000_000n)
  expect(times[1]! - times[0]!).toBe(1n)
})

test('without structured metadata a value has two elements', async () => {
  const { loki, session } = await connected({ structuredMetadata: false })
  await session.write(logs({ labels: { pid: '1' } }))
  expect(streamsOf(loki.received[0]!)[0]!.values).toEqual([['1795173131635000000', 'hello']])
})

test('tenant and token are sent as headers', async () => {
  const { loki, session } = await connected({ tenant: 'team-a', token: 'secret-token' })
  await session.write(logs({}))
  expect(loki.received[0]!.headers).toMatchObject({
    'x-scope-orgid': 'team-a',
    authorization: 'Bearer secret-token',
  })
})

test('user and password are sent as basic authentication, which the url with its full path does not hinder', async () => {
  const loki = await server()
  const session = await opened(`${loki.url}/loki/api/v1/push/`, { username: 'ü', password: 'p:w' })
  await session.write(logs({}))
  const login = Buffer.from('ü:p:w').toString('base64')
  expect(loki.received.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ['/loki/api/v1/push', `Basic ${login}`],
    ['/loki/api/v1/push', `Basic ${login}`],
  ])
  expect(session.address).toBe(`${loki.url}/loki/api/v1/push`)
})

test('a proxy in the environment is not used', async () => {
  vi.stubEnv('http_proxy', 'http://127.0.0.1:9')
  vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:9')
  cleanups.push(() => vi.unstubAllEnvs())
  const { loki, session } = await connected()
  await session.write(logs({}))
  expect(loki.received).toHaveLength(1)
})

test('the streams and bytes of a push are bounded, and every stream keeps its order', async () => {
  const { loki, session } = await connected({ maxStreams: 3, maxBytes: 2000, structuredMetadata: false })
  const records = Array.from({ length: 100 }, (_, i) => ({
    publisher: `host-${i % 7}`,
    message: `${String(i).padStart(3, '0')} ${'x'.repeat(80)}`,
  }))
  await session.write(logs(...records))
  const pushes = loki.received.map((request) => streamsOf(request))
  expect(Math.max(...pushes.map((push) => push.length))).toBe(3)
  expect(Math.max(...loki.received.map((request) => linesOf(request).join('').length))).toBeLessThan(2000)
  const byHost = Map.groupBy(pushes.flat(), ({ stream }) => stream['publisher'])
  expect(byHost.size).toBe(7)
  for (const parts of byHost.values()) {
    const lines = parts.flatMap(({ values }) => values.map(([, line]) => line))
    expect(lines).toEqual(lines.toSorted())
  }
  expect(pushes.flat().flatMap(({ values }) => values)).toHaveLength(100)
})

test('a record that is larger than a push may be is refused, its neighbours are stored', async () => {
  const { loki, session } = await connected({ maxBytes: 2000 })
  const result = await session.write(logs({}, { message: 'é'.repeat(1000) }, {}))
  expect(rejectedOf(result)).toEqual([{ index: 1, error: expect.objectContaining({ retryable: false }) }])
  expect(linesOf(loki.received[0]!)).toEqual(['hello', 'hello'])
})

test('a record that nests too deeply is refused, its neighbours are stored', async () => {
  const { loki, session } = await connected()
  const deep = [JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`), 1n]
  const result = await session.write(logs({}, { labels: { deep } }, {}))
  expect(rejectedOf(result)).toEqual([{ index: 1, error: expect.objectContaining({ retryable: false }) }])
  expect(linesOf(loki.received[0]!)).toEqual(['hello', 'hello'])
})

test('what is refused with 400 is divided until the bad records stand alone', async () => {
  const { loki, session } = await connected()
  const bad = new Set([3, 4, 17].map((i) => `line ${i}`))
  const stored = new Set<string>()
  loki.answer = (request, response) => {
    const lines = linesOf(request)
    for (const line of lines) if (!bad.has(line)) stored.add(line)
    if (!lines.some((line) => bad.has(line))) return response.writeHead(204).end()
    return response.writeHead(400).end("error parsing labels '{…}'\n")
  }
  const records = Array.from({ length: 40 }, (_, i) => ({ publisher: `h${i % 3}`, message: `line ${i}` }))
  const rejected = rejectedOf(await session.write(logs(...records)))
  expect(indexes(rejected)?.toSorted((a, b) => a - b)).toEqual([3, 4, 17])
  expect(rejected[0]!.error).toMatchObject({
    retryable: false,
    code: 'HTTP_400',
    message: "Loki refused it with 400: error parsing labels '{…}'",
  })
  expect(stored.size).toBe(37)
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('lines that Loki calls too old are refused without a request for each', async () => {
  const { loki, session } = await connected()
  loki.answer = (request, response) => {
    const isOld = linesOf(request).some((line) => line.startsWith('old'))
    if (!isOld) return response.writeHead(204).end()
    return response
      .writeHead(400)
      .end(
        `entry for stream '{job="x"}' has timestamp too old: 2026-10-01T00:00:00Z, oldest acceptable timestamp is: 2026-11-13T09:00:00Z\n`,
      )
  }
  const records = Array.from({ length: 200 }, (_, i) =>
    i % 2 === 0 ? { message: `old ${i}`, timeMs: Date.UTC(2026, 9, 1) + i, publisher: `h${i % 5}` } : {},
  )
  const rejected = rejectedOf(await session.write(logs(...records)))
  expect(rejected).toHaveLength(100)
  expect(rejected.every(({ index, error }) => index % 2 === 0 && error.retryable === false)).toBe(true)
  expect(loki.received).toHaveLength(2)
})

test('413 is divided too', async () => {
  const { loki, session } = await connected()
  const stored: string[] = []
  loki.answer = (request, response) => {
    const lines = linesOf(request)
    if (lines.length > 2) return response.writeHead(413).end('<html>Request Entity Too Large</html>')
    stored.push(...lines)
    return response.writeHead(204).end()
  }
  const messages = Array.from({ length: 10 }, (_, i) => `line ${i}`)
  expect(await session.write(logs(...messages.map((message) => ({ message }))))).toBeUndefined()
  expect(stored).toEqual(messages)
})

test('when a later push fails, only its records and those behind it are sent again', async () => {
  const { loki, session } = await connected({ maxStreams: 1 })
  loki.answer = (_, response) =>
    loki.received.length === 1
      ? response.writeHead(204).end()
      : response.writeHead(429, { 'retry-after': '7' }).end('Ingestion rate limit exceeded for user fake')
  const result = await session.write(
    logs({ publisher: 'a' }, { publisher: 'b' }, { publisher: 'c' }, { publisher: 'a' }),
  )
  const rejected = rejectedOf(result)
  expect(indexes(rejected)).toEqual([1, 2])
  expect(rejected[0]!.error).toMatchObject({ retryable: true, retryAfter: 7000, code: 'HTTP_429' })
  expect(loki.received).toHaveLength(2)
  expect(session.health?.()).toMatchObject({
    state: 'degraded',
    reason: expect.stringContaining('Ingestion rate limit exceeded'),
  })
  loki.answer = (_, response) => response.writeHead(204).end()
  await session.write(logs({}))
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test.for([
  [429, 'Ingestion rate limit exceeded'],
  [500, 'boom'],
  [503, 'Service Unavailable'],
  [408, ''],
  [401, 'no org id'],
  [403, '<html>Forbidden</html>'],
  [404, '404 page not found'],
  [405, ''],
  [418, 'teapot'],
  [260, 'ingestion blocked for user fake'],
  [200, '<html><form>Please sign in</form></html>'],
  [200, '{"status":"error","error":"queue full"}'],
  [200, 'error: queue full'],
  [302, ''],
  [400, '<html>The plain HTTP request was sent to HTTPS port</html>'],
  [400, 'Client sent an HTTP request to an HTTPS server.\n'],
] as const)('%d %s loses nothing: the records are sent again', async ([status, body]) => {
  const { loki, session } = await connected()
  loki.answer = (_, response) =>
    response.writeHead(status, { location: 'https://user:hush@login.example/?token=hush' }).end(body)
  const error = await errorOf(session.write(logs({})))
  expect(error.retryable).toBe(true)
  expect(error.message).toContain(`${loki.url}/loki/api/v1/push`)
  expect(error.message).not.toContain('hush')
  expect(session.health?.()).toEqual({ state: 'degraded', reason: error.message })
  expect(loki.received).toHaveLength(1)
})

test('an empty body and plain JSON with 200 are an acceptance', async () => {
  const { loki, session } = await connected()
  for (const body of ['', '{}', '{"status":"success"}']) {
    loki.answer = (_, response) => response.writeHead(200).end(body)
    expect(await session.write(logs({}))).toBeUndefined()
  }
})

test('Retry-After may be a date', async () => {
  const { loki, session } = await connected()
  const at = new Date(Date.now() + 60_000).toUTCString()
  loki.answer = (_, response) => response.writeHead(503, { 'retry-after': at }).end()
  const { retryAfter } = await errorOf(session.write(logs({})))
  expect(retryAfter).toBeGreaterThan(50_000)
  expect(retryAfter).toBeLessThanOrEqual(60_000)
})

test.for([
  'stream \'{job="x"}\' includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata`',
  "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: Value is string, but can't find closing '\"' symbol",
])('a Loki that takes no structured metadata loses nothing: %s', async (text) => {
  const { loki, session } = await connected()
  loki.answer = (_, response) => response.writeHead(400).end(text)
  const error = await errorOf(session.write(logs({})))
  expect(error).toMatchObject({
    retryable: true,
    message: expect.stringContaining('structuredMetadata: false'),
  })
})

test('a label that quotes such an answer does not stop the output', async () => {
  const { loki, session } = await connected()
  const label = 'loghttp.PushRequest includes structured metadata, but this feature is disallowed. Please'
  loki.answer = (_, response) =>
    response.writeHead(400).end(`entry for stream '{publisher="${label}"}' has timestamp too new: x`)
  expect(rejectedOf(await session.write(logs({})))).toMatchObject([{ index: 0, error: { retryable: false } }])
})

test('a store that never answers is given up in time', async () => {
  const { loki, session } = await connected({ timeoutMs: 200 })
  loki.answer = () => undefined
  expect(await errorOf(session.write(logs({})))).toMatchObject({ retryable: true, code: 'ETIMEDOUT' })
})

test('an answer that trickles is given up in time', async () => {
  const { loki, session } = await connected({ timeoutMs: 300 })
  loki.answer = (_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(timer))
  }
  expect(await errorOf(session.write(logs({})))).toMatchObject({ retryable: true, code: 'ETIMEDOUT' })
})

test('an answer without end is not kept', async () => {
  const { loki, session } = await connected()
  loki.answer = (_, response) => {
    response.writeHead(400)
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      response.once('drain', more)
    }
    more()
  }
  const error = await errorOf(session.write(logs({})))
  expect(error.retryable).toBe(true)
  expect(error.message.length).toBeLessThan(500)
})

test.for(['at once', 'with half an answer'])('a connection that is closed %s loses nothing', async (how) => {
  const { loki, session } = await connected()
  loki.answer = (_, response) => {
    const socket = response.socket!
    if (how !== 'at once') socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\nhalf')
    socket.end()
  }
  const error = await errorOf(session.write(logs({})))
  expect(error.retryable).toBe(true)
})

test('something that does not speak HTTP loses nothing', async () => {
  const peer = createServer((socket) => socket.on('error', () => undefined).end('220 smtp ready\r\n'))
  peer.listen(0, '127.0.0.1')
  await once(peer, 'listening')
  cleanups.push(() => peer.close())
  const { port } = peer.address() as AddressInfo
  expect(await errorOf(opened(`http://127.0.0.1:${port}`))).toMatchObject({ retryable: true })
})

test('a Loki that is not there makes open fail, with a sentence and without the secrets', async () => {
  const loki = await server()
  await loki.close()
  cleanups.pop()
  const error = await errorOf(opened(loki.url, { username: 'u', password: 'very-secret' }))
  expect(error).toMatchObject({ retryable: true, code: 'ECONNREFUSED' })
  expect(error.message).toContain('Is Loki running')
  expect(JSON.stringify(error) + String(error.cause) + error.stack).not.toContain('very-secret')
})

test('wrong credentials make open fail', async () => {
  const loki = await server()
  loki.answer = (_, response) => response.writeHead(401).end('invalid token very-wrong')
  const error = await errorOf(opened(loki.url, { token: 'very-wrong' }))
  expect(error).toMatchObject({ retryable: true, code: 'HTTP_401' })
  expect(error.message).not.toContain('very-wrong')
  const both = { token: 'x', username: 'u', password: 'p' }
  expect((await errorOf(opened(loki.url, both))).message).toContain('Leave one of them out')
})

test('what refuses an empty push as a bad one is not opened: it would refuse every record', async () => {
  const loki = await server()
  loki.answer = (_, response) => response.writeHead(400).end('no such upstream')
  const error = await errorOf(opened(loki.url))
  expect(error).toMatchObject({ retryable: true, code: 'HTTP_400' })
  expect(error.message).toContain('answered 400 to an empty push: no such upstream')
})

test('a Loki that finds an empty push odd is there all the same', async () => {
  const loki = await server()
  loki.answer = (_, response) =>
    response.writeHead(422).end('error at least one valid stream is required for ingestion')
  const session = await opened(loki.url)
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('stop finishes the write that is under way; later ones fail', async () => {
  const { loki, session } = await connected()
  const asked = Promise.withResolvers<() => void>()
  loki.answer = (_, response) => asked.resolve(() => response.writeHead(204).end())
  const written = session.write(logs({}))
  const answer = await asked.promise
  const stopped = session.stop?.()
  answer()
  await expect(written).resolves.toBeUndefined()
  await stopped
  await session.stop?.()
  await expect(session.write(logs({}))).rejects.toMatchObject({ retryable: true })
})

test('an abort ends a write that waits', async () => {
  const { loki, session } = await connected()
  const asked = Promise.withResolvers<void>()
  loki.answer = () => asked.resolve()
  const written = errorOf(session.write(logs({})))
  await asked.promise
  session.context.abort()
  expect(await written).toMatchObject({ retryable: true })
})

test('one connection serves many writes', async () => {
  const { loki, session } = await connected()
  const ports = new Set<number | undefined>()
  loki.answer = (_, response) => {
    ports.add(response.socket?.remotePort)
    response.writeHead(204).end()
  }
  for (let i = 0; i < 5; i += 1) await session.write(logs({}))
  expect(ports.size).toBe(1)
})
