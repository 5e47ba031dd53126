import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { seeded } from '../testing/seeded.ts'
import { Routes } from './routes.ts'
import type { Place } from './routes.ts'

const HOST = '127.0.0.1'

/** A served path, and every fault that the process would have heard of. */
async function bench() {
  const faults: unknown[] = []
  const hear = (fault: unknown): void => void faults.push(fault)
  process.on('uncaughtException', hear).on('unhandledRejection', hear)
  onTestFinished(() => void process.off('uncaughtException', hear).off('unhandledRejection', hear))
  const routes = new Routes(() => {})
  const place = await routes.claim(
    { host: HOST, port: 0, path: '/a' },
    { instance: 'a', generation: 1 },
    async (request) => {
      const text = await request.text()
      return new Response(`${text.length}`)
    },
  )
  place.activate()
  onTestFinished(() => place.close())
  return { faults, place, port: Number(new URL(place.url).port) }
}

function dial(port: number): Socket {
  const socket = connect(port, HOST).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Sends bytes, ends, and returns what came back until the peer closed. */
async function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = dial(port)
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => void (answer += text))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.end(bytes)
  await closed
  return answer
}

async function stillServes({ url }: Place): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    body: 'x'.repeat(10),
    headers: { connection: 'close' },
  })
  return await response.text()
}

test.each<[string, string, RegExp]>([
  ['no HTTP at all', '\x16\x03\x01\x02\x00 garbage\r\n\r\n', /^HTTP\/1\.1 400/],
  ['nothing', '', /^$/],
  ['a header without end', 'GET /a HTTP/1.1\r\nX: y', /^(HTTP\/1\.1 400|$)/],
  [
    'headers of 100 KB',
    `GET /a HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
    /^(HTTP\/1\.1 431|$)/,
  ],
  ['no host', 'GET /a HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400/],
  [
    'a host that is none',
    'GET /a HTTP/1.1\r\nHost: :::\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 (400|200)/,
  ],
  ['a host with a path', 'GET /a HTTP/1.1\r\nHost: x/../b\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 4/],
  ['a path that is none', 'GET //[ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 4/],
  ['a target that is a star', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 4/],
  ['TRACE', 'TRACE /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 [245]/],
  ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n', /^(HTTP\/1\.1 4|$)/],
  [
    'an upgrade',
    'GET /b HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
    /^(HTTP\/1\.1 404|$)/,
  ],
  ['a length that lies', 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort', /^/],
  [
    'two lengths',
    'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
    /^HTTP\/1\.1 400/,
  ],
  [
    'chunks that lie',
    'POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx',
    /^/,
  ],
])('%s harms nobody', async (_, bytes, answer) => {
  const { faults, place, port } = await bench()
  expect(await exchange(port, bytes)).toMatch(answer)
  expect(await stillServes(place)).toBe('10')
  expect(faults).toEqual([])
})

test('200 connections of seeded garbage harm nobody', async () => {
  const { faults, place, port } = await bench()
  const random = seeded(7)
  const start = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 10 }, () => {
        const bytes = Buffer.from(start)
        for (let i = random.below(8); i >= 0; i--) bytes[random.below(bytes.length)] = random.below(256)
        return exchange(port, bytes)
      }),
    )
  }
  expect(await stillServes(place)).toBe('10')
  expect(faults).toEqual([])
})

test('200 peers that send a byte and wait hold neither the others nor the end up', async () => {
  const { faults, place, port } = await bench()
  const slow = Array.from({ length: 200 }, () => dial(port))
  await Promise.all(slow.map((socket) => once(socket, 'connect')))
  for (const [i, socket] of slow.entries())
    socket.write(i % 2 === 0 ? 'G' : 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx')
  expect(await stillServes(place)).toBe('10')
  const start = performance.now()
  await place.close()
  expect(performance.now() - start).toBeLessThan(3000)
  expect(faults).toEqual([])
})

test('a peer that goes away aborts its request', async () => {
  const aborted = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const routes = new Routes(() => {})
  const place = await routes.claim(
    { host: HOST, port: 0, path: '/a' },
    { instance: 'a', generation: 1 },
    async ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve())
      asked.resolve()
      await aborted.promise
      return new Response()
    },
  )
  onTestFinished(() => place.close())
  place.activate()
  const socket = dial(Number(new URL(place.url).port))
  socket.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\n')
  await asked.promise
  socket.destroy()
  await aborted.promise
})
