import { encode } from '@msgpack/msgpack'
import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

const sample = {
  counter_name: 'cpu',
  counter_type: 'cumulative',
  counter_volume: 1,
  resource_id: 'r',
  publisher_id: 'c0',
}

function decode(body: Uint8Array): TestSink {
  const sink = testSink()
  decodeMessage(Buffer.from(body), testSeriesTable(), sink)
  return sink
}

/** One map with `value`, given as bytes, under the key `v`, beside a good sample. */
function sampleWith(...value: number[]): Buffer {
  const body = Buffer.from(encode({ ...sample, v: 0 }))
  return Buffer.concat([body.subarray(0, -1), Buffer.from(value)])
}

test('a sample is decoded, whatever the size of its map', () => {
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, i]))
  for (const [count, head] of [
    [0, 0x85],
    [20, 0xde],
    [70_000, 0xdf],
  ] as const) {
    const body = encode({ ...sample, ...members(count) })
    expect(body[0]).toBe(head)
    expect(decode(body)).toMatchObject({
      samples: [{ series: { name: 'ceilometer_cpu', labels: { publisher: 'c0' } }, value: 1 }],
      rejected: [],
    })
  }
})

test.each([
  [[0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0], 2 ** 63],
  [[0xcf, 255, 255, 255, 255, 255, 255, 255, 255], 2 ** 64],
  [[0xd3, 255, 255, 255, 255, 255, 255, 255, 254], -2],
  [[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0], 0.5],
  [[0xca, 0x3f, 0, 0, 0], 0.5],
  [[0xff], -1],
])('the number %j is %d', (bytes, expected) => {
  const body = Buffer.from(encode({ ...sample, counter_volume: 0 }))
  const at = body.indexOf('counter_volume') + 'counter_volume'.length
  const changed = Buffer.concat([body.subarray(0, at), Buffer.from(bytes), body.subarray(at + 1)])
  expect(decode(changed).samples[0]!.value).toBe(expected)
})

test('a volume of nil is skipped, one that is no finite number is rejected', () => {
  expect(decode(encode({ ...sample, counter_volume: null })).skipped).toEqual(['null volume'])
  for (const counter_volume of [NaN, Infinity, true, 'x', new Uint8Array(3)]) {
    expect(decode(encode({ ...sample, counter_volume })).rejected).toEqual([
      'element 0 (cpu): the volume is not a finite number',
    ])
  }
})

const tooEarly = 'the body is not one msgpack map: it ends too early'

test.each([
  ['a map that is no sample', encode({ a: 1 }), 'the msgpack body is no sample: it has no counter_name'],
  ['an empty map', encode({}), 'the msgpack body is no sample'],
  ['an event', encode({ event_type: 'a', traits: [] }), 'the msgpack body is no sample'],
  ['bytes behind it', Buffer.concat([encode(sample), Buffer.of(0)]), '1 bytes follow its end'],
  ['two samples', Buffer.concat([encode(sample), encode(sample)]), ' bytes follow its end'],
  ['the byte that msgpack never uses', sampleWith(0xc1), "type 0xc1 is none of ceilometer's"],
  ['a timestamp extension', sampleWith(0xd6, 0xff, 0, 0, 0, 0), "type 0xd6 is none of ceilometer's"],
  ['an extension', sampleWith(0xc7, 1, 5, 0), "type 0xc7 is none of ceilometer's"],
  [
    'a key named __proto__',
    sampleWith(0x81, 0xa9, ...Buffer.from('__proto__'), 0),
    'The key __proto__ is not',
  ],
  ['a map as a key', sampleWith(0x81, 0x80, 0), 'The type of key must be string or number'],
  ['invalid UTF-8', sampleWith(0xa2, 0xc3, 0x28), 'a string is not UTF-8'],
  ['half a character', sampleWith(0xa1, 0xc3), 'a string is not UTF-8'],
  ['a string of 4 GB', sampleWith(0xdb, 255, 255, 255, 255), 'it ends too early'],
  ['bytes of 4 GB', sampleWith(0xc6, 255, 255, 255, 255), 'it ends too early'],
  ['an array of 4 billion', sampleWith(0xdd, 255, 255, 255, 255), 'it ends too early'],
  ['a map of 4 billion', Buffer.of(0xdf, 255, 255, 255, 255), 'it ends too early'],
  [
    'levels over levels',
    sampleWith(...Array.from({ length: 60_000 }, () => 0x91), 0),
    'deeper than 100 levels',
  ],
])('%s is refused for good', (_what, body, says) => {
  expect(() => decode(body)).toThrow(says)
  expect(() => decode(body)).toThrow(expect.objectContaining({ retryable: false }))
})

test('headers that announce more than there is take no memory', () => {
  const headers = Buffer.concat(Array.from({ length: 90 }, () => Buffer.of(0xdc, 0xea, 0x60)))
  const body = sampleWith(...headers, ...Buffer.alloc(65_000 - headers.length))
  const before = process.memoryUsage().heapUsed
  expect(() => decode(body)).toThrow('it ends too early')
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 20)
})

test('a sample that is cut anywhere is refused', () => {
  const body = encode({ ...sample, resource_metadata: { a: [1, 2.5, 'x'.repeat(300)], b: { c: null } } })
  expect(decode(body).samples).toHaveLength(1)
  for (let length = 1; length < body.length; length++) {
    expect(() => decode(body.subarray(0, length))).toThrow(tooEarly)
  }
})
