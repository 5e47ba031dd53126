import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { Intake, Message } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { afterEach, expect, test, vi } from 'vitest'
import http from './index.ts'

type Fate = 'settled' | Error | Promise<void>

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function testIntake(fate: Fate = 'settled') {
  const messages: Message[] = []
  const intake = {
    messages,
    full: false,
    room: async () => {},
    fail() {},
    deliver(message: Message) {
      messages.push(message)
      if (fate === 'settled') return Promise.resolve()
      return fate instanceof Error ? Promise.reject(fate) : fate
    },
  }
  return intake satisfies Intake
}

const defaults = { host: '127.0.0.1', port: 8080, maxBodyBytes: 4_194_304 }

async function listening({
  fate = 'settled',
  start = true,
  contentTypes = ['application/json'],
  ...options
}: {
  fate?: Fate
  start?: boolean
  contentTypes?: string[]
  maxBodyBytes?: number
  token?: string
} = {}) {
  const context = testContext({ ...defaults, ...options }, 'web')
  const transport = await http.open(context)
  cleanups.push(() => transport.stop?.())
  const intake = testIntake(fate)
  const subscription = await transport.subscribe({ path: '/collectd', contentTypes }, intake, {
    input: 'collectd',
    log: context.log,
  })
  if (start) await subscription.start()
  const handler = context.handlers.get('/collectd')
  if (!handler) throw new Error('no route')
  return { context, transport, intake, subscription, handler }
}

function post(body?: string | Uint8Array | ReadableStream, headers: Record<string, string> = {}): Request {
  return new Request('http://gateway/collectd', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: body as string }),
    duplex: 'half',
  })
}

/** The handler behind real sockets, adapted as a host would. */
async function onSocket(handler: (request: Request) => Response | Promise<Response>) {
  const server = createServer(async (incoming, outgoing) => {
    const gone = new AbortController()
    outgoing.on('close', () => outgoing.writableFinished || gone.abort())
    const response = await handler(
      new Request(`http://gateway${incoming.url}`, {
        method: incoming.method ?? 'GET',
        headers: incoming.headers as Record<string, string>,
        body: unread(incoming),
        duplex: 'half',
        signal: gone.signal,
      }),
    )
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, port: (server.address() as AddressInfo).port }
}

// Pulls nothing before the handler does: Node drains by itself what nobody has begun to read.
function unread(incoming: IncomingMessage): ReadableStream {
  let chunks: AsyncIterator<Buffer> | undefined
  return new ReadableStream(
    {
      async pull(controller) {
        chunks ??= incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}

test('a POST is one message, answered 200 only when the gateway has settled it', async () => {
  const fate = Promise.withResolvers<void>()
  const { handler, intake, subscription } = await listening({ fate: fate.promise })
  let answered = false
  const answer = Promise.resolve(
    handler(post('[1]', { 'content-type': 'application/json; charset=utf-8' })),
  ).finally(() => (answered = true))
  await vi.waitFor(() => expect(intake.messages).toHaveLength(1))
  expect(answered).toBe(false)
  fate.resolve()
  expect((await answer).status).toBe(200)
  expect(intake.messages[0]).toEqual({
    body: Buffer.from('[1]'),
    address: '/collectd',
    contentType: 'application/json; charset=utf-8',
  })
  expect(subscription.address).toBe('http://127.0.0.1:8080/collectd')
})

test('a message that can never be accepted is answered 400 with the reason', async () => {
  const { handler } = await listening({ fate: permanent('not an array') })
  const response = await handler(post('{}'))
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('not an array')
})

test('a message that was not stored is answered 503 with the time to wait, and tells nothing of the store', async () => {
  const { handler } = await listening({
    fate: retryable('elasticsearch at 10.0.0.7 is busy', { retryAfter: 2500 }),
  })
  const response = await handler(post('{}'))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('3')
  expect(await response.text()).not.toContain('10.0.0.7')
})

test('while the gateway is full a request is answered 503 and its body is left alone', async () => {
  const { handler, intake } = await listening()
  intake.full = true
  const request = post('[1]')
  const response = await handler(request)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(request.bodyUsed).toBe(false)
  expect(intake.messages).toEqual([])
})

test('a body that arrived while the gateway filled up is answered 503 and not delivered', async () => {
  const { handler, intake } = await listening()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const answer = handler(post(readable))
  const writer = writable.getWriter()
  await writer.write(Buffer.from('[1'))
  intake.full = true
  await writer.write(Buffer.from(']'))
  await writer.close()
  const response = await answer
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(intake.messages).toEqual([])
})

test('messages that wait for their fate count against the memory, and give it back with their answer', async () => {
  const fate = Promise.withResolvers<void>()
  const { handler, intake } = await listening({ fate: fate.promise, maxBodyBytes: 100 })
  const waiting = Array.from({ length: 16 }, () => handler(post('x'.repeat(100))))
  await vi.waitFor(() => expect(intake.messages).toHaveLength(16))
  expect((await handler(post('[1]'))).status).toBe(503)
  fate.resolve()
  for (const answer of waiting) expect((await answer).status).toBe(200)
  expect((await handler(post('[1]'))).status).toBe(200)
})

test('before start and after stop a request is answered 503', async () => {
  const { handler, intake, subscription } = await listening({ start: false })
  expect((await handler(post('[1]'))).status).toBe(503)
  await subscription.start()
  expect((await handler(post('[2]'))).status).toBe(200)
  await subscription.stop()
  await subscription.stop()
  const response = await handler(post('[3]'))
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(intake.messages.map(({ body }) => body.toString())).toEqual(['[2]'])
})

test('the route is gone after stop, and every route after the transport stops', async () => {
  const { context, transport, subscription } = await listening()
  await transport.subscribe({ path: '/two', contentTypes: ['application/json'] }, testIntake(), {
    input: 'two',
    log: context.log,
  })
  await subscription.stop()
  await vi.waitFor(() => expect(Array.from(context.handlers.keys())).toEqual(['/two']))
  await transport.stop?.()
  expect(context.handlers.size).toBe(0)
})

test('other methods are answered 405 with Allow', async () => {
  const { handler } = await listening()
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await handler(new Request('http://gateway/collectd', { method }))
    expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'POST'])
  }
})

test('only listed media types are taken; a request without one is', async () => {
  const { handler, intake } = await listening({ contentTypes: ['application/json', 'text/plain'] })
  const response = await handler(post('x', { 'content-type': 'application/x-www-form-urlencoded' }))
  expect(response.status).toBe(415)
  expect(await response.text()).toContain('send application/json or text/plain')
  const bare = post(new Uint8Array([1]))
  bare.headers.delete('content-type')
  expect((await handler(bare)).status).toBe(200)
  expect((await handler(post('PUTVAL', { 'content-type': 'Text/Plain;charset=x' }))).status).toBe(200)
  expect(intake.messages).toHaveLength(2)
  expect(intake.messages[0]).not.toHaveProperty('contentType')
})

test('an encoding that is not known is answered 415', async () => {
  const { handler, intake } = await listening()
  for (const encoding of ['br', 'gzip, gzip', '__proto__']) {
    expect((await handler(post('[1]', { 'content-encoding': encoding }))).status).toBe(415)
  }
  expect((await handler(post(gzipSync('[2]'), { 'content-encoding': 'gzip' }))).status).toBe(200)
  expect((await handler(post('[3]', { 'content-encoding': 'identity' }))).status).toBe(200)
  expect(intake.messages.map(({ body }) => body.toString())).toEqual(['[2]', '[3]'])
})

test('with a token a request without it is answered 401 and nothing of the body is read', async () => {
  const { handler, intake } = await listening({ token: 'sesame' })
  for (const authorization of ['', 'Bearer', 'Bearer sesam', 'Bearer sesame2', 'Basic sesame', 'sesame']) {
    const request = post('[1]', { authorization })
    const response = await handler(request)
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(request.bodyUsed).toBe(false)
  }
  expect(intake.messages).toEqual([])
  expect((await handler(post('[1]', { authorization: 'bearer sesame' }))).status).toBe(200)
})

test('on a socket: a client that breaks off in the middle delivers nothing, a slow one does', async () => {
  const { context, handler, intake } = await listening()
  const seen = vi.fn(handler)
  const { port } = await onSocket(seen)
  const head = 'POST /collectd HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n'
  const aborted = connect(port, '127.0.0.1')
  aborted.write(`${head}Content-Length: 10\r\n\r\n[1,2`)
  await vi.waitFor(() => expect(seen).toHaveBeenCalledOnce())
  aborted.destroy()
  await vi.waitFor(() =>
    expect(context.values.get('http_responses_total{path="/collectd",status="400"}')).toBe(1),
  )

  const slow = connect(port, '127.0.0.1')
  let answer = ''
  slow.on('data', (data) => (answer += data.toString()))
  slow.write(`${head}Transfer-Encoding: chunked\r\n\r\n`)
  for (const byte of '[1,2]') {
    slow.write(`1\r\n${byte}\r\n`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(answer).toBe('')
  slow.write('0\r\n\r\n')
  await vi.waitFor(() => expect(answer).toContain('200 OK'))
  slow.destroy()
  expect(intake.messages.map(({ body }) => body.toString())).toEqual(['[1,2]'])
})

test('on a socket: a producer that sends too much sees the 413 and can go on with the connection', async () => {
  const { handler, intake } = await listening({ maxBodyBytes: 500_000 })
  const { port } = await onSocket(handler)
  const url = `http://127.0.0.1:${port}/collectd`
  const send = (body: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  for (const bytes of [500_001, 900_000, 3_000_000]) {
    const response = await send('x'.repeat(bytes))
    expect([bytes, response.status]).toEqual([bytes, 413])
    await response.text()
  }
  expect((await send('[1]')).status).toBe(200)
  expect(intake.messages).toHaveLength(1)
})

test('a stop lets a body that is arriving be delivered, and waits for it', async () => {
  const { handler, intake, subscription } = await listening()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const answer = handler(post(readable))
  const writer = writable.getWriter()
  await writer.write(Buffer.from('[1'))
  let stopped = false
  const stop = subscription.stop().finally(() => (stopped = true))
  await writer.write(Buffer.from(']'))
  expect(stopped).toBe(false)
  await writer.close()
  await stop
  expect((await answer).status).toBe(200)
  expect(intake.messages).toHaveLength(1)
})

test('a stop does not wait for ever: a stalled body is answered 503 and never delivered', async () => {
  const { handler, intake, subscription } = await listening()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const answer = handler(post(readable))
  const writer = writable.getWriter()
  await writer.write(Buffer.from('[1'))
  await subscription.stop()
  await writer.write(Buffer.from(']'))
  await writer.close()
  expect((await answer).status).toBe(503)
  expect(intake.messages).toEqual([])
})

test('after a stop the route stays until what was delivered has its answer; other requests get 503', async () => {
  const fate = Promise.withResolvers<void>()
  const { context, handler, intake, subscription } = await listening({ fate: fate.promise })
  const answer = handler(post('[1]'))
  await vi.waitFor(() => expect(intake.messages).toHaveLength(1))
  await subscription.stop()
  expect((await handler(post('[2]'))).status).toBe(503)
  expect(context.handlers.size).toBe(1)
  fate.resolve()
  expect((await answer).status).toBe(200)
  await vi.waitFor(() => expect(context.handlers.size).toBe(0))
  expect(intake.messages).toHaveLength(1)
})

test('on a listener that cuts its connections when its last route goes: a fate that comes long after the stop is answered', async () => {
  const fate = Promise.withResolvers<void>()
  const { producer, subscription, intake } = await cutting(fate.promise)
  const answer = producer('[1]')
  await vi.waitFor(() => expect(intake.messages).toHaveLength(1))
  await subscription.stop()
  const late = await producer('[2]')
  expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1'])
  fate.resolve()
  expect((await answer).status).toBe(200)
  await vi.waitFor(() => expect(producer('[3]')).rejects.toThrow('fetch failed'))
  expect(intake.messages).toHaveLength(1)
})

test('on such a listener: the stop of the transport answers 503 to whoever still waits, and leaves nothing behind', async () => {
  const fate = Promise.withResolvers<void>()
  const { context, transport, producer, subscription, intake } = await cutting(fate.promise)
  const waiting = producer('[1]')
  await vi.waitFor(() => expect(intake.messages).toHaveLength(1))
  await subscription.stop()
  await transport.stop?.()
  expect(context.handlers.size).toBe(0)
  const response = await waiting
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  await response.text()
  await expect(producer('[2]')).rejects.toThrow('fetch failed')
})

test('the stop of the transport alone ends a body that is arriving at once, and delivers nothing more', async () => {
  const { context, transport, handler, intake } = await listening()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const answer = handler(post(readable))
  const writer = writable.getWriter()
  await writer.write(Buffer.from('[1'))
  await transport.stop?.()
  expect(context.handlers.size).toBe(0)
  expect((await answer).status).toBe(503)
  await writer.write(Buffer.from(']'))
  await writer.close()
  await new Promise(setImmediate)
  expect(intake.messages).toEqual([])
})

/** Listening on a socket as the host does it: the last route takes the listener and, at once, all its connections with it. */
async function cutting(fate: Promise<void>) {
  const context = testContext(defaults, 'web')
  context.http.serve = async ({ path }, handler) => {
    const { port, server } = await onSocket(handler)
    context.handlers.set(path, handler)
    return {
      url: `http://127.0.0.1:${port}${path}`,
      async close() {
        context.handlers.delete(path)
        server.close()
        server.closeIdleConnections()
        // What has its answer already may still be written.
        await new Promise((resolve) => setTimeout(resolve, 20))
        server.closeAllConnections()
      },
    }
  }
  const transport = await http.open(context)
  cleanups.push(() => transport.stop?.())
  const intake = testIntake(fate)
  const options = { path: '/collectd', contentTypes: ['application/json'] }
  const subscription = await transport.subscribe(options, intake, { input: 'collectd', log: context.log })
  await subscription.start()
  const headers = { 'content-type': 'application/json' }
  const producer = (body: string) => fetch(subscription.address ?? '', { method: 'POST', headers, body })
  return { context, transport, intake, subscription, producer }
}

test('a new subscription of the same input takes the path over without a gap', async () => {
  const { context, transport, intake, subscription, handler } = await listening()
  const next = testIntake()
  const options = { path: '/collectd', contentTypes: ['application/json'] }
  const successor = await transport.subscribe(options, next, { input: 'collectd', log: context.log })
  expect((await handler(post('"old"'))).status).toBe(200)
  await successor.start()
  expect((await handler(post('"new"'))).status).toBe(200)
  await subscription.stop()
  expect((await handler(post('"new"'))).status).toBe(200)
  expect([intake.messages.length, next.messages.length]).toEqual([1, 2])
})

test('a new subscription takes the path over while the old one still waits for a fate', async () => {
  const fate = Promise.withResolvers<void>()
  const { context, transport, intake, subscription, handler } = await listening({ fate: fate.promise })
  const old = handler(post('"old"'))
  await vi.waitFor(() => expect(intake.messages).toHaveLength(1))
  await subscription.stop()
  const next = testIntake()
  const options = { path: '/collectd', contentTypes: ['application/json'] }
  const successor = await transport.subscribe(options, next, { input: 'collectd', log: context.log })
  await successor.start()
  expect((await handler(post('"new"'))).status).toBe(200)
  fate.resolve()
  expect((await old).status).toBe(200)
  expect((await handler(post('"new"'))).status).toBe(200)
  await successor.stop()
  await vi.waitFor(() => expect(context.handlers.size).toBe(0))
  expect(next.messages).toHaveLength(2)
})

test('two inputs on one path are refused with both names, and a refusal of the host is passed on', async () => {
  const { context, transport } = await listening()
  const second = transport.subscribe({ path: '/collectd', contentTypes: [] }, testIntake(), {
    input: 'other',
    log: context.log,
  })
  await expect(second).rejects.toThrow(
    '/collectd already belongs to the input collectd: give other another path',
  )
  const serve = vi.spyOn(context.http, 'serve')
  serve.mockRejectedValueOnce(Object.assign(new Error('/x is taken'), { code: 'SG_ROUTE_TAKEN' }))
  const join = () =>
    transport.subscribe({ path: '/x', contentTypes: [] }, testIntake(), { input: 'x', log: context.log })
  await expect(join()).rejects.toMatchObject({ code: 'SG_ROUTE_TAKEN' })
  expect((await join()).address).toContain('/x')
})
