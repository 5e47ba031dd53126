import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTcp } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { LogBatch } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { afterEach, expect, test, vi } from 'vitest'
import output from './index.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const PRODUCT = { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' }
const hello = (response: ServerResponse) =>
  response.writeHead(200, PRODUCT).end('{"version":{"number":"8.19.0"}}')

type Reply = (request: IncomingMessage, response: ServerResponse, body: string) => unknown

/** A server that greets as Elasticsearch does and answers anything else as told. */
async function peer(reply: Reply): Promise<string> {
  const server = createHttp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () =>
      request.url === '/' ? hello(response) : reply(request, response, Buffer.concat(chunks).toString()),
    )
  })
  const url = await listening(server)
  cleanups.push(() => server.closeAllConnections())
  return url
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const defaults = { template: false, compression: false, maxRequestBytes: 5_242_880, requestTimeoutMs: 5000 }

async function opened(node: string, options: { requestTimeoutMs?: number; nodes?: string[] } = {}) {
  const place = options.nodes ? {} : { node }
  const context = testContext({ ...defaults, ...place, ...options }, 'elasticsearch')
  const session = await output.open(context)
  cleanups.push(() => session.stop?.())
  return { session, context }
}

function logs(...messages: string[]): LogBatch {
  const records = messages.map((message) => ({
    index: 'i',
    timeMs: 1,
    severity: 'info' as const,
    publisher: 'p',
    labels: {},
    message,
  }))
  return { signal: 'log', length: records.length, records }
}

const stored = (body: string) =>
  JSON.stringify({
    errors: false,
    items: Array.from({ length: body.split('\n').length >> 1 }, () => ({ create: { status: 201 } })),
  })

test.for<[string, Reply, string]>([
  [
    'an HTML page with 200',
    (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>'),
    'without the header X-Elastic-Product',
  ],
  [
    'an HTML page with 502',
    (_, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>'),
    'answered 502 with an HTML page',
  ],
  [
    'a redirect',
    (_, response) => response.writeHead(307, { location: 'http://elsewhere/_bulk' }).end(),
    'answered 307. It points to http://elsewhere/_bulk',
  ],
  [
    '200 with an error inside',
    (_, response) =>
      response.writeHead(200, PRODUCT).end('{"error":{"type":"x","reason":"boom"},"status":500}'),
    'but with x: boom',
  ],
  [
    '200 with half an answer',
    (_, response) => response.writeHead(200, PRODUCT).end('{"errors":false,"items":[{"crea'),
    'cannot be read',
  ],
  ['200 with nothing', (_, response) => response.writeHead(200, PRODUCT).end(), '200 without items'],
  ['a closed connection', (request) => request.socket.destroy(), 'No answer from'],
  ['a half-closed connection', (request) => request.socket.end(), 'No answer from'],
  [
    'a connection closed in the middle of the answer',
    (request, response) => {
      response.writeHead(200, { ...PRODUCT, 'content-length': 100 }).write('{"errors":')
      setImmediate(() => request.socket.destroy())
    },
    'No answer from',
  ],
  ['no answer at all', () => undefined, 'within 500 ms'],
  [
    'an answer that trickles for ever',
    (_, response) => {
      response.writeHead(200, PRODUCT)
      const timer = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(timer))
    },
    'within 500 ms',
  ],
])('%s is tried again, and health says so until a batch is stored', async ([, reply, message]) => {
  let bad = true
  const node = await peer((request, response, body) =>
    bad ? reply(request, response, body) : response.writeHead(200, PRODUCT).end(stored(body)),
  )
  const { session } = await opened(node, { requestTimeoutMs: 500 })
  const failure = { retryable: true, message: expect.stringContaining(message) as string }
  await expect(session.write(logs('a', 'b'))).rejects.toMatchObject(failure)
  expect(session.health?.()).toEqual({ state: 'degraded', reason: failure.message })
  bad = false
  expect(await session.write(logs('a', 'b'))).toEqual({ rejected: [] })
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('a request that is too large is halved until it fits, and the next one fits at once', async () => {
  const sizes: number[] = []
  const messages: string[] = []
  const node = await peer((_, response, body) => {
    sizes.push(body.length)
    if (body.length > 3000) return response.writeHead(413).end()
    messages.push(...[...body.matchAll(/"message":"(\w{1,3})/g)].map(([, message]) => message!))
    return response.writeHead(200, PRODUCT).end(stored(body))
  })
  const { session } = await opened(node)
  const names = Array.from({ length: 20 }, (_, i) => `m${i}`)
  const batch = logs(...names.map((name) => `${name} ${'x'.repeat(300)}`), 'y'.repeat(4000))
  const result = await session.write(batch)
  expect(result).toEqual({
    rejected: [{ index: 20, error: expect.objectContaining({ retryable: false, code: 'HTTP_413' }) }],
  })
  expect(messages).toEqual(names)
  const before = sizes.length
  await session.write(logs(...names.map((name) => `${name} ${'x'.repeat(300)}`)))
  expect(sizes.slice(before).every((size) => size <= 3000)).toBe(true)
})

test('when a request in the middle gets no answer, only what was not stored is given back', async () => {
  let requests = 0
  const node = await peer((request, response, body) => {
    requests += 1
    return requests === 1 ? response.writeHead(200, PRODUCT).end(stored(body)) : request.socket.destroy()
  })
  const context = testContext({ ...defaults, node, maxRequestBytes: 1024 })
  const session = await output.open(context)
  cleanups.push(() => session.stop?.())
  const result = await session.write(logs(...['a', 'b', 'c', 'd'].map((message) => message.repeat(600))))
  expect(result).toMatchObject({
    rejected: [1, 2, 3].map((index) => ({ index, error: { retryable: true } })),
  })
  expect(requests).toBe(2)
})

test('a record that makes the whole request fail is found, the others are stored', async () => {
  const messages: string[] = []
  const node = await peer((_, response, body) => {
    const error = { error: { type: 'illegal_argument_exception', reason: 'Malformed' }, status: 400 }
    if (body.includes('poison')) return response.writeHead(400, PRODUCT).end(JSON.stringify(error))
    messages.push(...[...body.matchAll(/"message":"(\w+)"/g)].map(([, message]) => message!))
    return response.writeHead(200, PRODUCT).end(stored(body))
  })
  const { session } = await opened(node)
  const result = await session.write(logs('a', 'b', 'poison', 'c', 'd'))
  expect(result).toEqual({
    rejected: [{ index: 2, error: expect.objectContaining({ retryable: false, code: 'HTTP_400' }) }],
  })
  expect(messages).toEqual(['a', 'b', 'c', 'd'])
})

test('a connection that is refused, and a server that is not Elasticsearch, fail open with a sentence', async () => {
  const gone = createTcp()
  const refused = await listening(gone)
  await new Promise((done) => gone.close(done))
  await expect(opened(refused)).rejects.toMatchObject({
    retryable: true,
    code: 'ECONNREFUSED',
    message: expect.stringMatching(/^No answer from http:.*ECONNREFUSED.*Is Elasticsearch running/),
  })
  const other = createHttp((_, response) => response.end('{"version":{"number":"2.11.0"}}'))
  await expect(opened(await listening(other))).rejects.toMatchObject({ code: 'NOT_ELASTICSEARCH' })
  const loki = createHttp((_, response) =>
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n'),
  )
  await expect(opened(await listening(loki))).rejects.toThrow('answered 404. This is not Elasticsearch')
})

test('a node that is gone and one that swallows requests are passed over', async () => {
  const gone = createTcp()
  const refused = await listening(gone)
  await new Promise((done) => gone.close(done))
  const held: Socket[] = []
  const mute = await listening(createTcp((socket) => void held.push(socket.on('error', () => undefined))))
  cleanups.push(() => held.forEach((socket) => socket.destroy()))
  const good = await peer((_, response, body) => response.writeHead(200, PRODUCT).end(stored(body)))

  const { session } = await opened('', { nodes: [refused, good] })
  for (let i = 0; i < 5; i += 1) expect(await session.write(logs('a'))).toEqual({ rejected: [] })

  const patient = await opened('', { nodes: [mute, good], requestTimeoutMs: 400 })
  for (let i = 0; i < 3; i += 1) expect(await patient.session.write(logs('a'))).toEqual({ rejected: [] })

  // A silent node costs one write; sending it elsewhere at once could store it twice.
  const slow = await opened('', { nodes: [good, mute], requestTimeoutMs: 400 })
  const outcomes: string[] = []
  for (let i = 0; i < 5; i += 1) {
    await slow.session.write(logs('a')).then(
      () => outcomes.push('stored'),
      (error: Error) => outcomes.push(error.message),
    )
  }
  expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(4)
  expect(outcomes.find((outcome) => outcome !== 'stored')).toContain(`No answer from ${mute} within 400 ms`)
})

test('the host leaves at once, stop waits for the answer and may be called twice', async () => {
  const replies: (() => void)[] = []
  const node = await peer((_, response, body) =>
    replies.push(() => response.writeHead(200, PRODUCT).end(stored(body))),
  )
  const first = await opened(node)
  const cut = first.session.write(logs('a'))
  await vi.waitFor(() => expect(replies).toHaveLength(1))
  first.context.abort()
  await expect(cut).rejects.toMatchObject({ retryable: true, message: expect.stringContaining('stopped') })

  const second = await opened(node)
  let written = false
  const write = second.session.write(logs('a')).then(() => (written = true))
  await vi.waitFor(() => expect(replies).toHaveLength(2))
  const stop = second.session.stop?.()
  const again = second.session.stop?.()
  await expect(second.session.write(logs('late'))).rejects.toMatchObject({ retryable: true })
  expect(written).toBe(false)
  replies[1]!()
  await Promise.all([stop, again])
  expect(written).toBe(true)
  await write
})

test('no password is shown: not in the address, not in health, not in an error', async () => {
  const node = await peer((request, response) =>
    request.headers.authorization === `Basic ${Buffer.from('elastic:p@ss').toString('base64')}`
      ? response.writeHead(401, PRODUCT).end('{"error":{"type":"security_exception","reason":"expired"}}')
      : response.destroy(),
  )
  const { session, context } = await opened(node.replace('//', '//elastic:p%40ss@'))
  const failure = await session.write(logs('a')).then(
    () => undefined,
    (error: Error) => error,
  )
  expect(failure?.message).toContain('answered 401 (security_exception: expired)')
  expect(session.address).toBe(node)
  const shown = [failure?.message, failure?.stack, JSON.stringify(failure), session.health?.(), context.lines]
  expect(JSON.stringify(shown)).not.toMatch(/p@ss|p%40ss|cEBzcw/)
  await expect(opened('http://elastic:%E0%A4%A@127.0.0.1:1')).rejects.toThrow('not percent-encoded')
})

test('of what TLS says of a node that speaks none only the reason is left', async () => {
  const url = await peer(() => undefined)
  const failed = opened(url.replace('http:', 'https:'))
  await expect(failed).rejects.toThrow(
    /^No answer from https:\S+: wrong version number\. Does it speak TLS at that port\?$/,
  )
})
