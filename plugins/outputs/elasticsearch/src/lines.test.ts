import type { EventRecord, LogRecord } from '@smart-gateway/sdk'
import { expect, test, vi } from 'vitest'
import { lineWriter } from './lines.ts'
import type { Line } from './lines.ts'

const event: EventRecord = {
  index: 'collectd_interface_if',
  timeMs: 1_568_841_079_281,
  timeNs: 603_240,
  severity: 'critical',
  publisher: 'localhost.localdomain',
  labels: { alertname: 'collectd_interface_if_octets', severity: 'FAILURE' },
  annotations: { summary: 'two\nlines', size: 9_007_199_254_740_993n },
}
const log: LogRecord = {
  index: 'sglogs-localhost.2021.04.08',
  timeMs: 1_617_888_342_604,
  severity: 'debug',
  publisher: 'localhost',
  labels: {
    host: 'localhost',
    severity: '7',
    pid: 12,
    big: 9_007_199_254_740_993n,
    at: { line: 1 },
    none: null,
  },
  message: 'a "quoted" text',
}
const events = (...records: EventRecord[]) => ({ signal: 'event' as const, length: records.length, records })
const logs = (...records: LogRecord[]) => ({ signal: 'log' as const, length: records.length, records })
const toLines = lineWriter(undefined)

function actionOf(line: Line | undefined): Record<string, unknown> {
  const action: { create: Record<string, unknown> } = JSON.parse(line!.text.split('\n')[0]!)
  return action.create
}

test('an event is created in its own index, with the fields that dashboards query', () => {
  const { lines, rejected } = toLines(events(event))
  const [action, document, ...rest] = lines[0]!.text.split('\n')
  expect(JSON.parse(action!)).toEqual({ create: { _index: 'collectd_interface_if' } })
  expect(document).toBe(
    String.raw`{"@timestamp":"2019-09-18T21:11:19.281603240Z","event_type":"event","generated":"2019-09-18T21:11:19.281603240Z","severity":"critical","publisher":"localhost.localdomain","labels":{"alertname":"collectd_interface_if_octets","severity":"FAILURE"},"annotations":{"summary":"two\nlines","size":9007199254740993}}`,
  )
  expect([rest, rejected]).toEqual([[''], []])
  expect(lines[0]!.bytes).toBe(Buffer.byteLength(lines[0]!.text))
})

test("a log line's labels are texts, and its severity label is the severity's name", () => {
  const document = toLines(logs(log)).lines[0]!.text.split('\n')[1]!
  expect(JSON.parse(document)).toEqual({
    '@timestamp': '2021-04-08T13:25:42.604Z',
    severity: 'debug',
    publisher: 'localhost',
    labels: {
      host: 'localhost',
      severity: 'debug',
      pid: '12',
      big: '9007199254740993',
      at: '{"line":1}',
      none: 'null',
    },
    message: 'a "quoted" text',
  })
})

test("_id is the record's own id, and none is invented", () => {
  const actions = toLines(events({ ...event, id: 'a"b' }, event, { ...event, id: '' })).lines.map(actionOf)
  const index = { _index: 'collectd_interface_if' }
  expect(actions).toEqual([{ ...index, _id: 'a"b' }, index, index])
})

test('an id that Elasticsearch finds too long is hashed, always to the same', () => {
  const idOf = (id: string) => actionOf(toLines(events({ ...event, id })).lines[0])['_id']
  expect(idOf('x'.repeat(512))).toBe('x'.repeat(512))
  expect(idOf('ü'.repeat(257))).toMatch(/^[0-9a-f]{64}$/)
  expect(idOf('ü'.repeat(257))).toBe(idOf('ü'.repeat(257)))
})

test('a record without a time gets the time of writing', () => {
  vi.useFakeTimers({ now: 1_795_173_131_635 })
  const document = toLines(logs({ ...log, timeMs: 0 })).lines[0]!.text.split('\n')[1]!
  vi.useRealTimers()
  expect(JSON.parse(document)).toMatchObject({ '@timestamp': '2026-11-20T11:12:11.635Z' })
})

test('a record that JSON cannot hold is refused for good, the others are written', () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const batch = events(event, { ...event, labels: circle }, { ...event, timeMs: 1e300 }, event)
  const { lines, rejected } = toLines(batch)
  expect(lines.map(({ index }) => index)).toEqual([0, 3])
  expect(rejected).toEqual([
    { index: 1, error: expect.objectContaining({ retryable: false }) },
    { index: 2, error: expect.objectContaining({ retryable: false }) },
  ])
  expect(rejected[0]?.error.message).toContain('This event cannot be written as JSON')
})

test('with data streams all events go to one and all log lines to the other', () => {
  const toStreams = lineWriter({ events: 'events-x-default', logs: 'logs-x-default' })
  expect(actionOf(toStreams(events(event)).lines[0])).toEqual({ _index: 'events-x-default' })
  expect(actionOf(toStreams(logs(log)).lines[0])).toEqual({ _index: 'logs-x-default' })
})

test('many index names do not mix up', () => {
  for (let i = 0; i < 2500; i += 1) {
    const index = `sglogs-host_${i}.2021.04.08`
    const again = toLines(logs({ ...log, index }, log)).lines.map(({ text }) => text.split('\n')[0])
    expect(again).toEqual([`{"create":{"_index":"${index}"}}`, `{"create":{"_index":"${log.index}"}}`])
  }
})
