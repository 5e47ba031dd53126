import { expect, test } from 'vitest'
import { seeded } from '../test/bench.ts'
import { makeFramer } from './framing.ts'
import type { SocketOptions } from './options.ts'

type Framing = SocketOptions['framing']

/** A framer, and what it found. */
function framer(framing: Framing, maxBytes = 1_048_576) {
  const found = { messages: [] as Buffer[], tooLong: 0 }
  const framer = makeFramer(framing, maxBytes, {
    message: (body) => found.messages.push(body),
    tooLong: () => found.tooLong++,
  })
  return {
    framer,
    found,
    texts: () => found.messages.map(String),
    feed: (...chunks: (string | Buffer)[]) => chunks.forEach((chunk) => framer.feed(Buffer.from(chunk))),
  }
}

function frame(framing: Framing, body: Buffer): Buffer {
  if (framing === 'newline') return Buffer.concat([body, Buffer.from('\n')])
  const head = Buffer.alloc(framing === 'length32be' ? 4 : 8)
  if (framing === 'length32be') head.writeInt32BE(body.length)
  else head.writeBigInt64LE(BigInt(body.length))
  return Buffer.concat([head, body])
}

const FRAMINGS: Framing[] = ['newline', 'length32be', 'length64le']

/** Pieces of a stream, cut at random points. */
function* pieces(stream: Buffer, random: (bound: number) => number, maxBytes: number) {
  for (let at = 0; at < stream.length;) {
    const end = at + 1 + random(maxBytes)
    yield stream.subarray(at, end)
    at = end
  }
}

test.each(FRAMINGS.flatMap((framing) => [1, 2, 3, 4, 5].map((seed) => [framing, seed] as const)))(
  'random messages, cut at random points, arrive intact and in order (%s, seed %i)',
  (framing, seed) => {
    const random = seeded(seed)
    const bodies = Array.from({ length: 500 }, () => {
      const body = Buffer.alloc(1 + random([10, 300, 20_000][random(3)]!))
      // Neither LF nor CR, so that one body serves every framing.
      for (let i = 0; i < body.length; i++) body[i] = 14 + random(242)
      return body
    })
    const stream = Buffer.concat(bodies.map((body) => frame(framing, body)))
    const { framer: own, found } = framer(framing)
    for (const piece of pieces(stream, random, [3, 100, 70_000][seed % 3]!)) own.feed(piece)
    expect(found.messages.length).toBe(bodies.length)
    found.messages.forEach((message, i) => expect(message.equals(bodies[i]!)).toBe(true))
    expect(own.pending).toBe(0)
  },
)

test.each(FRAMINGS)('a message of 1 MiB in pieces of 1 to 64 bytes costs linear time (%s)', (framing) => {
  const random = seeded(1)
  const body = Buffer.alloc(1_048_576, 'x')
  const { framer: own, found } = framer(framing)
  const begun = process.cpuUsage()
  for (const piece of pieces(frame(framing, body), random, 64)) own.feed(piece)
  const { user, system } = process.cpuUsage(begun)
  expect(found.messages.map((message) => message.equals(body))).toEqual([true])
  // It takes about 20 ms; one that joins all pieces at each takes half a minute.
  expect((user + system) / 1000).toBeLessThan(2000)
})

test.each(FRAMINGS)(
  'a message that comes byte by byte holds little more memory than it has bytes (%s)',
  (framing) => {
    const { framer: own } = framer(framing)
    const stream = frame(framing, Buffer.alloc(1_048_576, 'x')).subarray(0, -1)
    const before = process.memoryUsage()
    for (let at = 0; at < stream.length; at++) own.feed(Buffer.from(stream.subarray(at, at + 1)))
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    // What the pieces left behind counts too: 1,048,575 of them, kept, would be some 100 MB.
    expect(own.pending).toBeGreaterThan(1_048_570)
    expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(60_000_000)
  },
)

test('a line ends at LF or CRLF, an empty one is nothing, the last one needs no end', () => {
  const { framer: own, feed, texts } = framer('newline')
  feed('a\r\nb\n\n\r\n c\rd \nlast')
  expect(texts()).toEqual(['a', 'b', ' c\rd '])
  expect(own.pending).toBe(4)
  own.end()
  expect(texts().at(-1)).toBe('last')
  expect(own.pending).toBe(0)
})

test('CR and LF may come apart', () => {
  const { feed, texts } = framer('newline', 4)
  feed('full\r', '\nnext', '\r', '\n')
  expect(texts()).toEqual(['full', 'next'])
})

test.each([
  ['in one piece', ['fits\ntoo long\r\nnext\n']],
  ['in several', ['fits\ntoo ', 'lo', 'ng and longer still', '\nnext\n']],
  ['one byte too many', ['fits\n12345\nnext\n']],
  ['one byte too many, apart', ['fits\n1234', '5', '\nnext\n']],
])('a line beyond the limit is left out and told once, the next is taken (%s)', (_, chunks) => {
  const { feed, texts, found } = framer('newline', 4)
  feed(...chunks)
  expect(texts()).toEqual(['fits', 'next'])
  expect(found.tooLong).toBe(1)
})

test('a line without an end holds no memory beyond the limit', () => {
  const { framer: own, found } = framer('newline', 1000)
  for (let i = 0; i < 100; i++) own.feed(Buffer.alloc(999, 'x'))
  expect(own.pending).toBe(0)
  own.end()
  expect(found).toEqual({ messages: [], tooLong: 1 })
})

test('split and joined frames', () => {
  for (const framing of ['length32be', 'length64le'] as const) {
    const { framer: own, texts } = framer(framing)
    const stream = Buffer.concat(
      ['one', '', 'three', 'four'].map((body) => frame(framing, Buffer.from(body))),
    )
    own.feed(stream.subarray(0, 2))
    expect(own.pending).toBe(2)
    own.feed(stream.subarray(2, 9))
    own.feed(stream.subarray(9))
    expect(texts()).toEqual(['one', 'three', 'four'])
  }
})

test.each([
  ['negative, 64 bits', 'length64le', 'fcffffffffffffff', -4],
  ['huge, 64 bits', 'length64le', '0000000000010000', 2 ** 40],
  ['one too many, 64 bits', 'length64le', '6500000000000000', 101],
  ['one too many, 32 bits', 'length32be', '00000065', 101],
  ['negative if it were signed, 32 bits', 'length32be', 'fffffffc', 4_294_967_292],
] as const)('a length that is %s is refused, after the messages before it', (_, framing, head, length) => {
  for (const split of [0, 3]) {
    const { framer: own, texts } = framer(framing, 100)
    const stream = Buffer.concat([frame(framing, Buffer.from('good')), Buffer.from(head, 'hex')])
    const cut = stream.length - split
    const feed = () => {
      own.feed(stream.subarray(0, cut))
      own.feed(stream.subarray(cut))
    }
    expect(feed).toThrow(`announced a message of ${length} bytes; at most 100 are taken`)
    expect(texts()).toEqual(['good'])
  }
})

test('a message is a part of its chunk, without a copy, when it lay in one', () => {
  for (const framing of FRAMINGS) {
    const { framer: own, found } = framer(framing)
    const chunk = frame(framing, Buffer.from('body'))
    own.feed(chunk)
    expect(found.messages[0]?.buffer).toBe(chunk.buffer)
  }
})
