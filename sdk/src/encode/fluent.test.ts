import { decode, decodeMulti, ExtensionCodec } from '@msgpack/msgpack'
import { expect, test } from 'vitest'
import type { Batch, EventRecord, LogRecord, Series } from '../index.ts'
import { metricBatch } from '../testing.ts'
import { forward, packedForward } from './fluent.ts'

const extensionCodec = new ExtensionCodec()
extensionCodec.register({
  type: 0,
  encode: () => null,
  decode: (data) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    return [view.getUint32(0), view.getUint32(4)]
  },
})
const series: Series = { name: 'load', labels: { host: 'ü' }, type: 'gauge', intervalMs: 0 }
const log: LogRecord = {
  index: 'i',
  timeMs: 1_795_167_248_136,
  timeNs: 5,
  severity: 'info',
  publisher: 'host-1',
  labels: { nothing: null, yes: true, list: [1, 'two', { three: -3.5 }], left: undefined },
  message: 'x'.repeat(70_000),
}

const read = (bytes: Uint8Array): unknown => decode(bytes, { extensionCodec, useBigInt64: true })

test('EventTime and the entries of Forward mode are the bytes that the protocol shows', () => {
  const batch = metricBatch([{ series: { ...series, labels: {} }, value: 1.5, timeMs: 1_000 }])
  const bytes = forward({ tag: 'abc', batch, nowMs: 0 })
  expect(bytes.toString('hex')).toBe(
    [
      '93a3616263', // an array of 3, the tag
      '9192', // one entry of two members
      'd7000000000100000000', // fixext 8 of type 0: seconds, nanoseconds
      '85a67369676e616ca66d6574726963',
      'a46e616d65a46c6f6164',
      'a66c6162656c7380',
      'a474797065a56761756765',
      'a576616c7565cb3ff8000000000000',
      '81a473697a6501', // the option: how many there are
    ].join(''),
  )
})

test('Forward mode: each entry with its time and its members', () => {
  const event: EventRecord = {
    index: 'i',
    timeMs: 0,
    severity: 'critical',
    publisher: 'p',
    labels: {},
    id: '7',
    annotations: { max: 2n ** 64n - 1n, min: -(2n ** 63n), huge: 2n ** 70n, nan: Number.NaN },
  }
  const batch: Batch = { signal: 'event', length: 1, records: [event] }
  expect(read(forward({ tag: 't', batch, nowMs: 1500.25, chunk: 'abc' }))).toEqual([
    't',
    [
      [
        [1, 500_250_000],
        {
          signal: 'event',
          index: 'i',
          severity: 'critical',
          publisher: 'p',
          labels: {},
          id: '7',
          annotations: { max: 2n ** 64n - 1n, min: -(2n ** 63n), huge: String(2n ** 70n), nan: null },
        },
      ],
    ],
    { size: 1, chunk: 'abc' },
  ])
})

test('PackedForward mode: the same entries as bytes', () => {
  const batch: Batch = { signal: 'log', length: 2, records: [log, { ...log, timeMs: 0 }] }
  const [tag, entries, option] = read(packedForward({ tag: 't', batch, nowMs: 7_000 })) as [
    string,
    Uint8Array,
    object,
  ]
  expect([tag, option]).toEqual(['t', { size: 2 }])
  const { timeMs: _, timeNs: __, labels, ...members } = log
  const record = { ...members, signal: 'log', labels: { nothing: null, yes: true, list: labels['list'] } }
  expect([...decodeMulti(entries, { extensionCodec })]).toEqual([
    [[1_795_167_248, 136_000_005], record],
    [[7, 0], record],
  ])
})

test('a thousand samples, and values of every size', () => {
  const values = [
    0,
    -0,
    1,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    -1,
    -32,
    -33,
    -128,
    -129,
    -(2 ** 31),
    -(2 ** 31) - 1,
    -(2 ** 53) + 1,
    2 ** 53,
    1e300,
    -0.1,
  ]
  const samples = Array.from({ length: 1000 }, (_, i) => ({
    series,
    value: values[i % values.length]!,
    timeMs: 1,
  }))
  const [, entries] = decode(forward({ tag: 't', batch: metricBatch(samples), nowMs: 0 }), {
    extensionCodec,
  }) as [string, [unknown, { value: number }][]]
  expect(entries.map(([, { value }]) => value)).toEqual(samples.map(({ value }) => value))
})

test('what is no finite number is nil, and a time outside of what 32 bits hold is the nearer end', () => {
  const samples = [-5, 2 ** 45, Number.NaN].map((timeMs) => ({ series, value: Infinity, timeMs }))
  const [, entries] = read(forward({ tag: 't', batch: metricBatch(samples), nowMs: 3000 })) as [
    string,
    unknown[][],
  ]
  expect(entries.map(([time]) => time)).toEqual([
    [0, 0],
    [0xffff_ffff, 0],
    [3, 0],
  ])
  expect(entries.map(([, record]) => (record as { value: unknown }).value)).toEqual([null, null, null])
})

test('long texts, arrays, maps and bytes', () => {
  const labels = {
    text: 'ü'.repeat(40),
    list: Array.from({ length: 70_000 }, (_, i) => i),
    map: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])),
    bytes: Uint8Array.of(1, 2, 3),
  }
  const batch: Batch = { signal: 'log', length: 1, records: [{ ...log, labels }] }
  const [, [[, record]]] = decode(forward({ tag: 't', batch, nowMs: 0 }), { extensionCodec }) as [
    string,
    [[unknown, { labels: unknown }]],
  ]
  expect(record.labels).toEqual({ ...labels, bytes: Buffer.from(labels.bytes) })
})
