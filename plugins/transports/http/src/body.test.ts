import { deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bodyReader } from './body.ts'
import type { Body } from './body.ts'

function post(body: string | Uint8Array | ReadableStream, headers: Record<string, string> = {}): Request {
  return new Request('http://gateway/', { method: 'POST', headers, body: body as string, duplex: 'half' })
}

/** The body's text, or the status and the sentence of the refusal. */
async function outcome(reading: Promise<Body>): Promise<string | [number, string]> {
  const body = await reading
  if ('refusal' in body) return [body.refusal.status, await body.refusal.text()]
  const text = body.bytes.toString()
  body.release()
  return text
}

test('gzip and deflate are undone', async () => {
  const read = bodyReader(1_000_000)
  expect(await outcome(read(post(gzipSync('[1]'), { 'content-encoding': 'gzip' })))).toBe('[1]')
  expect(await outcome(read(post(deflateSync('[2]'), { 'content-encoding': 'Deflate' })))).toBe('[2]')
  expect(await outcome(read(post('[3]')))).toBe('[3]')
})

test('a broken gzip stream is answered 400', async () => {
  const read = bodyReader(1_000_000)
  const whole = gzipSync('[4]'.repeat(1000))
  for (const broken of [whole.subarray(0, -5), Buffer.from('[4]'), Buffer.alloc(0)]) {
    const answer = await outcome(read(post(broken, { 'content-encoding': 'gzip' })))
    expect(answer).toEqual([400, expect.stringContaining('not valid gzip')])
  }
})

test('a gzip bomb is answered 413 and never unpacked beyond the limit', async () => {
  const read = bodyReader(1_000_000)
  const bomb = gzipSync(Buffer.alloc(500_000_000))
  expect(bomb.length).toBeLessThan(1_000_000)
  const before = process.memoryUsage.rss()
  expect(await outcome(read(post(bomb, { 'content-encoding': 'gzip' })))).toEqual([413, expect.any(String)])
  expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000)
  const largest = await read(post(gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }))
  expect(largest).toMatchObject({ bytes: { length: 1_000_000 } })
})

test('a body of the limit is read, one byte more is answered 413, whether its length is declared or not', async () => {
  const read = bodyReader(1000)
  const full = 'x'.repeat(1000)
  expect(await outcome(read(post(stream(1000))))).toBe(full)
  expect(await outcome(read(post(full, { 'content-length': '1000' })))).toBe(full)
  expect(await outcome(read(post(stream(1001))))).toEqual([413, expect.any(String)])
  const declared = post(`${full}x`, { 'content-length': '1001' })
  expect(await outcome(read(declared))).toEqual([413, expect.any(String)])
  expect(declared.bodyUsed).toBe(false)
})

test('a body without an end is answered 413 before long', async () => {
  const sent = { bytes: 0 }
  const answer = await outcome(bodyReader(1000)(post(stream(1_000_000, sent))))
  expect(answer).toEqual([413, expect.any(String)])
  expect(sent.bytes).toBeLessThan(5000)
})

function stream(bytes: number, sent = { bytes: 0 }): ReadableStream {
  return new ReadableStream({
    pull(controller) {
      if (sent.bytes === bytes) return controller.close()
      controller.enqueue(Buffer.from('x'))
      sent.bytes += 1
    },
  })
}

test('bodies that arrive at once share a bounded memory, which is free again afterwards', async () => {
  const read = bodyReader(10_000)
  const senders = Array.from({ length: 40 }, () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    return { body: outcome(read(post(readable))), writer: writable.getWriter() }
  })
  for (const { writer } of senders) void writer.write(Buffer.alloc(9000, 'x')).catch(() => undefined)
  for (const { body } of senders.slice(16)) expect(await body).toEqual([503, expect.any(String)])
  for (const { writer } of senders.slice(0, 16)) await writer.close()
  for (const { body } of senders.slice(0, 16)) expect(await body).toHaveLength(9000)
  expect(await outcome(read(post('x'.repeat(10_000))))).toHaveLength(10_000)
})

test('what is unpacked shares the same memory until it is released', async () => {
  const read = bodyReader(4_194_304)
  const packed = gzipSync(Buffer.alloc(4_194_304))
  expect(packed.length).toBeLessThan(5000)
  const before = process.memoryUsage().arrayBuffers
  const bodies = await Promise.all(
    Array.from({ length: 300 }, () => read(post(packed, { 'content-encoding': 'gzip' }))),
  )
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(250_000_000)
  const held = bodies.filter((body) => 'bytes' in body)
  const refusals = bodies.flatMap((body) => ('refusal' in body ? [body.refusal] : []))
  expect(held.length).toBeGreaterThan(0)
  expect(held.length).toBeLessThanOrEqual(16)
  for (const { status, headers } of refusals) expect([status, headers.get('retry-after')]).toEqual([503, '1'])

  for (const { release } of held) release()
  const again = await Promise.all(
    Array.from({ length: 15 }, () => read(post(packed, { 'content-encoding': 'gzip' }))),
  )
  expect(again.filter((body) => 'bytes' in body)).toHaveLength(15)
})

test('a body that is not released keeps its memory, a refused one does not', async () => {
  const read = bodyReader(1000)
  for (let i = 0; i < 100; i++) {
    await read(post('x'.repeat(1001)))
    await read(post(gzipSync(Buffer.alloc(1001)), { 'content-encoding': 'gzip' }))
    await read(post(gzipSync('[1]').subarray(0, -3), { 'content-encoding': 'gzip' }))
    await read(post('[1]', { 'content-length': '5' }))
  }
  const bodies = await Promise.all(Array.from({ length: 16 }, () => read(post('x'.repeat(1000)))))
  expect(bodies.filter((body) => 'bytes' in body)).toHaveLength(16)
  expect(await outcome(read(post('[1]')))).toEqual([503, expect.stringContaining('send the message again')])
})

test('a body that is shorter than declared, or whose client went away, is no body', async () => {
  const read = bodyReader(1000)
  expect(await outcome(read(post('[1]', { 'content-length': '5' })))).toEqual([400, expect.any(String)])
  const gone = new AbortController()
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const answer = outcome(read(new Request(post(readable), { signal: gone.signal })))
  await writable.getWriter().write(Buffer.from('[1'))
  gone.abort()
  expect(await answer).toEqual([400, expect.any(String)])
})
