import { readFileSync } from 'node:fs'
import { decode as decodeMsgpack, encode as encodeMsgpack } from '@msgpack/msgpack'
import { expect, test } from 'vitest'
import type { SeriesTable } from '@smart-gateway/sdk'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import {
  mutateBytes,
  mutateTree,
  pick,
  seededRandom,
  testSeriesTable,
  testSink,
} from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

const folder = new URL('../../../../test/fixtures/ceilometer/', import.meta.url)

const texts = [
  'notifier-metering',
  'notifier-event',
  'ceilometer-amqp1-legacy-metering',
  'ceilometer-amqp1-legacy-event',
  'http-samples',
  'http-events',
].flatMap((file) =>
  readFileSync(new URL(`${file}.jsonl`, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { body: string }).body)
    .filter((body) => body.length < 3000),
)
const notification =
  '{"publisher_id":"compute.c0","event_type":"compute.instance.update","priority":"INFO","message_id":"m","timestamp":"2026-11-20 09:38:52.9","payload":{"memory_mb":512,"big":18446744073709551615,"o":{}}}'
const seeds = [...texts, JSON.stringify({ 'oslo.message': notification }), `[${notification}]`]
const datagrams = readDatagrams()

test('a mutated JSON message is refused or yields valid records, the same ones whatever came before', () => {
  const random = seededRandom(20261120)
  const seen = run(12_000, () => mutateText(pick(seeds, random), random))
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
})

test('a mutated msgpack message is refused or yields a valid sample, the same one whatever came before', () => {
  const random = seededRandom(8952)
  const { events, ...seen } = run(12_000, () => mutateDatagram(pick(datagrams, random), random))
  expect(events).toBe(0)
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
})

test('samples of few, confusable names are always told apart', () => {
  const random = seededRandom(11)
  const table = testSeriesTable()
  const texts = [
    'a',
    'b',
    'ab',
    'a\0b',
    'b\0a',
    'a.b',
    'a.b.ab',
    'user',
    'meta_user',
    '1:a1:b',
    '',
    null,
    undefined,
  ]
  const text = () => pick(texts, random)
  const metadata = () => pick([undefined, null, {}, { [`${text()}`]: text(), [`${text()}`]: text() }], random)
  const objects = new Map<string, object>()
  for (let round = 0; round < 20_000; round++) {
    const sample = {
      counter_name: text(),
      counter_type: pick(['gauge', 'cumulative', 'delta', '', null], random),
      counter_volume: 1,
      user_id: text(),
      user_name: text(),
      project_id: text(),
      resource_id: text(),
      resource_metadata: { name: text(), display_name: text(), user_metadata: metadata() },
    }
    const body = Buffer.from(JSON.stringify({ publisher_id: text(), payload: [sample] }))
    const steady = decode(body, table)
    expect(steady).toEqual(decode(body, testSeriesTable()))
    if ('samples' in steady)
      for (const { series } of steady.samples) objects.set(JSON.stringify(series), series)
  }
  expect(objects.size).toBeGreaterThan(1000)
})

interface Seen {
  refused: number
  samples: number
  events: number
  rejected: number
  skipped: number
}

function run(rounds: number, nextBody: () => Buffer): Seen {
  const table = testSeriesTable()
  const seen: Seen = { refused: 0, samples: 0, events: 0, rejected: 0, skipped: 0 }
  for (let round = 0; round < rounds; round++) {
    const body = nextBody()
    const startedMs = performance.now()
    const steady = decode(body, table)
    expect(performance.now() - startedMs).toBeLessThan(1000)
    const fresh = decode(body, testSeriesTable())
    expect(steady).toEqual(fresh)
    if ('refusal' in fresh) {
      seen.refused++
      continue
    }
    fresh.samples.forEach(expectValidSample)
    fresh.events.forEach(expectValidEvent)
    seen.samples += fresh.samples.length
    seen.events += fresh.events.length
    seen.rejected += fresh.rejected.length
    seen.skipped += fresh.skipped.length
  }
  return seen
}

function decode(body: Buffer, table: SeriesTable): TestSink | { refusal: string } {
  const sink = testSink()
  try {
    decodeMessage(body, table, sink)
    const { samples, events, logs, rejected, skipped } = sink
    return { samples, events, logs, rejected, skipped } as unknown as TestSink
  } catch (error) {
    expect(error).toMatchObject({ message: expect.stringMatching(/./), retryable: false })
    return { refusal: (error as Error).message }
  }
}

function expectValidSample({ series, value, timeMs }: TestSink['samples'][number]): void {
  expect(series.name.startsWith('ceilometer_')).toBe(true)
  expect(['counter', 'gauge', 'untyped']).toContain(series.type)
  expect(series.intervalMs).toBe(100_000)
  expect(Object.keys(series.labels)).toEqual(expect.arrayContaining(['publisher', 'type', 'counter']))
  for (const label of Object.values(series.labels)) expect(typeof label).toBe('string')
  expect(Number.isFinite(value)).toBe(true)
  expect(Number.isInteger(timeMs) && timeMs >= 0).toBe(true)
}

function expectValidEvent(record: TestSink['events'][number]): void {
  expect(record.index).toMatch(/^ceilometer_[^\sA-Z]*$/)
  expect(Number.isInteger(record.timeMs) && record.timeMs >= 0).toBe(true)
  expect(record.timeNs! >= 0 && record.timeNs! < 1e6).toBe(true)
  expect(['unknown', 'info', 'warning', 'critical']).toContain(record.severity)
  expect(record.publisher).not.toBe('')
  expect(record.id).not.toBe('')
  expect(record.annotations).toMatchObject({ source_type: 'ceilometer', processed_by: 'sg' })
  expect(stringifyExactly(record)).toContain(JSON.stringify(record.index))
}

const junk = [
  null,
  true,
  '',
  'NaN',
  '\0',
  '__proto__',
  'constructor',
  'A b.c-d\ud800',
  '2026-11-20T09:38:52.9',
  -1,
  0.5,
  1e308,
  12345678901234567000,
  [],
  {},
  [null],
  ['size', 2, 5],
  { counter_name: 'x' },
  { name: 'x', volume: 1 },
  { traits: [] },
  { samples: [1] },
  JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown,
  'x'.repeat(600),
]

const names = [
  'payload',
  'traits',
  'counter_name',
  'name',
  'volume',
  'resource_metadata',
  'user_metadata',
  'publisher_id',
]

function mutateText(seed: string, random: () => number): Buffer {
  const outer = JSON.parse(seed) as Record<string, unknown>
  const envelope = (outer.request ?? outer) as Record<string, unknown>
  const text = envelope['oslo.message']
  if (typeof text === 'string' && random() < 0.8) {
    const inner: unknown = JSON.parse(text)
    mutateTree(inner, { junk, names }, random)
    envelope['oslo.message'] = random() < 0.9 ? JSON.stringify(inner) : inner
  } else {
    mutateTree(outer, { junk, names }, random)
  }
  return mutateBytes(Buffer.from(JSON.stringify(outer)), 0.7, random)
}

function mutateDatagram(seed: Buffer, random: () => number): Buffer {
  const tree = decodeMsgpack(seed)
  mutateTree(tree, { junk, names }, random)
  return mutateBytes(Buffer.from(encodeMsgpack(tree, { maxDepth: 1000 })), 0.5, random)
}

function readDatagrams(): Buffer[] {
  const bytes = readFileSync(new URL('udp-msgpack.bin', folder))
  const bodies: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at)
    bodies.push(bytes.subarray(at + 4, end))
    at = end
  }
  return bodies
}
