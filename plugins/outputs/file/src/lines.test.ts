import type { EventRecord, LogRecord, Series } from '@smart-gateway/sdk'
import { metricBatch } from '@smart-gateway/sdk/testing'
import { expect, test } from 'vitest'
import { lineWriter } from './lines.ts'
import type { Lines } from './lines.ts'

const series: Series = {
  name: 'collectd_load_shortterm',
  labels: { host: 'a"b\nü', plugin_instance: 'base' },
  type: 'gauge',
  intervalMs: 1000,
}
const event: EventRecord = {
  index: 'collectd_interface_if',
  timeMs: 1_568_841_079_281,
  severity: 'critical',
  publisher: 'host-1',
  labels: { instance: 'host-1' },
  annotations: {
    summary: 'two\nlines',
    size: 9_007_199_254_740_993n,
    nested: { min: -9_223_372_036_854_775_808n },
  },
  id: '7',
}
const log: LogRecord = {
  index: 'sglogs-host_1.2026.11.20',
  timeMs: 1,
  severity: 'info',
  publisher: 'host-1',
  labels: { facility: 'daemon' },
  message: '\u2028\ud800 "quoted"',
}

const textOf = ({ bytes }: Lines) => bytes.toString()

test('a metric line holds name, labels, type, value and time', () => {
  const batch = metricBatch([
    { series, value: 0.1, timeMs: 1_795_167_248_136 },
    { series, value: 1e300, timeMs: 0 },
  ])
  const toLines = lineWriter()
  expect(textOf(toLines(batch))).toBe(
    String.raw`{"signal":"metric","name":"collectd_load_shortterm","labels":{"host":"a\"b\nü","plugin_instance":"base"},"type":"gauge","value":0.1,"timeMs":1795167248136}
{"signal":"metric","name":"collectd_load_shortterm","labels":{"host":"a\"b\nü","plugin_instance":"base"},"type":"gauge","value":1e+300,"timeMs":0}
`,
  )
  expect(textOf(toLines(batch))).toBe(textOf(lineWriter()(batch)))
})

test('values that are no JSON numbers are written as text', () => {
  const values = [NaN, Infinity, -Infinity, -0, 5e-324]
  const lines = textOf(lineWriter()(metricBatch(values.map((value) => ({ series, value, timeMs: 0 })))))
  const written = lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { value: unknown }).value)
  expect(written).toEqual(['NaN', '+Inf', '-Inf', 0, 5e-324])
})

test('an event line holds all of the record, integers exactly', () => {
  const text = textOf(lineWriter()({ signal: 'event', length: 1, records: [event] }))
  expect(text).toContain('"size":9007199254740993,')
  expect(text).toContain('"min":-9223372036854775808}')
  expect(text.match(/\n/g)).toHaveLength(1)
  expect(JSON.parse(text)).toEqual({
    signal: 'event',
    ...event,
    annotations: { summary: 'two\nlines', size: 2 ** 53, nested: { min: -(2 ** 63) } },
  })
})

test('a log line holds all of the record and is valid UTF-8', () => {
  const { bytes } = lineWriter()({ signal: 'log', length: 2, records: [log, log] })
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  const lines = text.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { signal: 'log', ...log },
    { signal: 'log', ...log },
  ])
})

test('a record that cannot be written as JSON is rejected for good, the others are written', () => {
  const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as unknown
  const records = [event, { ...event, annotations: { deep, size: 1n } }, event]
  const lines = lineWriter()({ signal: 'event', length: 3, records })
  expect(textOf(lines).match(/\n/g)).toHaveLength(2)
  expect(lines.rejected).toEqual([{ index: 1, error: expect.objectContaining({ retryable: false }) }])
  expect(lines.rejected[0]?.error.message).toContain('cannot be written as JSON')
})
