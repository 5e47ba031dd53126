import { expect, test } from 'vitest'
import type { Batch, EventRecord, LogRecord, Series } from '../index.ts'
import { metricBatch } from '../testing.ts'
import { jsonEncoder } from './json.ts'

const series: Series = {
  name: 'load',
  labels: { host: 'a"b\nü' },
  type: 'gauge',
  intervalMs: 1000,
  help: 'h',
}
const log: LogRecord = {
  index: 'i',
  timeMs: 1,
  timeNs: 5,
  severity: 'info',
  publisher: 'host-1',
  labels: { size: 9_007_199_254_740_993n },
  message: 'two\nlines',
}

test('a sample is one object on one line', () => {
  const batch = metricBatch([{ series, value: 0.1, timeMs: 1_795_167_248_136 }])
  expect(jsonEncoder()(batch, 0)).toBe(
    String.raw`{"signal":"metric","name":"load","labels":{"host":"a\"b\nü"},"type":"gauge","value":0.1,"timeMs":1795167248136}`,
  )
})

test('what JSON has no number for is null, or text for who wants to tell it apart', () => {
  const values = [Number.NaN, Infinity, -Infinity, -0, 5e-324, 1e300]
  const batch = metricBatch(values.map((value) => ({ series, value, timeMs: 0 })))
  const written = (encode: ReturnType<typeof jsonEncoder>): unknown[] =>
    values.map((_, i) => (JSON.parse(encode(batch, i)) as { value: unknown }).value)
  expect(written(jsonEncoder())).toEqual([null, null, null, 0, 5e-324, 1e300])
  expect(written(jsonEncoder({ nonFinite: 'text' }))).toEqual(['NaN', '+Inf', '-Inf', 0, 5e-324, 1e300])
})

test('an event and a log line have their own members, integers exactly', () => {
  const batch: Batch = { signal: 'log', length: 1, records: [log] }
  expect(jsonEncoder()(batch, 0)).toBe(
    String.raw`{"signal":"log","index":"i","timeMs":1,"timeNs":5,"severity":"info","publisher":"host-1","labels":{"size":9007199254740993},"message":"two\nlines"}`,
  )
  const { message: _, ...rest } = log
  const event: EventRecord = { ...rest, annotations: { ratio: Number.NaN } }
  expect(JSON.parse(jsonEncoder()({ signal: 'event', length: 1, records: [event] }, 0))).toMatchObject({
    signal: 'event',
    annotations: { ratio: null },
  })
})
