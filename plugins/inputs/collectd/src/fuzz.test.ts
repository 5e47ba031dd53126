import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  mutateBytes,
  mutateTree,
  pick,
  seededRandom,
  testSeriesTable,
  testSink,
} from '@smart-gateway/sdk/testing'
import type { SeriesTable } from '@smart-gateway/sdk'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

const folder = new URL('../../../../test/fixtures/collectd/', import.meta.url)
const seeds = [
  'amqp-json',
  'amqp-json-store-rates',
  'amqp-json-via-network',
  'amqp1-notify',
  'write-http',
].flatMap((file) =>
  readFileSync(new URL(`${file}.jsonl`, folder), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { body: string }).body)
    .filter((body) => body.length < 2000)
    .filter((_, i) => i % 20 === 0),
)

test('a mutated message is refused or yields valid records, the same ones whatever came before', () => {
  const random = seededRandom(20260110)
  const table = testSeriesTable()
  const seen = { refused: 0, samples: 0, events: 0, rejected: 0, skipped: 0 }
  for (let round = 0; round < 20_000; round++) {
    const body = mutate(pick(seeds, random), random)
    const startedMs = performance.now()
    const steady = decode(body, table)
    expect(performance.now() - startedMs).toBeLessThan(1000)
    const fresh = decode(body, testSeriesTable())
    expect(steady).toEqual(fresh)
    if ('refusal' in fresh) {
      expect(fresh.refusal).not.toBe('')
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
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
})

test('value lists of few, confusable names are always told apart', () => {
  const random = seededRandom(11)
  const table = testSeriesTable()
  const names = ['a', 'b', 'ab', 'a\0b', 'base', 'value', '_', 'a_b', 'x_total']
  const instances = [...names, '', null, undefined]
  const objects = new Map<string, object>()
  for (let round = 0; round < 20_000; round++) {
    const dsnames = Array.from({ length: 1 + Math.floor(random() * 2) }, () => pick([...names, ''], random))
    const list = {
      values: dsnames.map(() => 1),
      dstypes: dsnames.map(() => pick(['gauge', 'derive', 'counter', 'absolute', 'x'], random)),
      dsnames,
      interval: pick([undefined, 0, 1, 10, 0.5], random),
      host: pick(names, random),
      plugin: pick(names, random),
      plugin_instance: pick(instances, random),
      type: pick(names, random),
      type_instance: pick(instances, random),
    }
    const body = Buffer.from(JSON.stringify([list]))
    const steady = decode(body, table)
    expect(steady).toEqual(decode(body, testSeriesTable()))
    if ('samples' in steady)
      for (const { series } of steady.samples) objects.set(JSON.stringify(series), series)
  }
  expect(objects.size).toBeGreaterThan(1000)
})

function decode(body: Buffer, table: SeriesTable): TestSink | { refusal: string } {
  const sink = testSink()
  try {
    decodeMessage(body, table, sink)
    const { samples, events, logs, rejected, skipped } = sink
    return { samples, events, logs, rejected, skipped } as unknown as TestSink
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return { refusal: (error as Error).message }
  }
}

function expectValidSample({ series, value, timeMs }: TestSink['samples'][number]): void {
  expect(series.name.startsWith('collectd_')).toBe(true)
  expect(['counter', 'gauge', 'untyped']).toContain(series.type)
  expect(Object.keys(series.labels)).toEqual(['host', 'plugin_instance', 'type_instance'])
  for (const label of Object.values(series.labels)) expect(label).toEqual(expect.stringMatching(/^[^]+$/))
  expect(Number.isInteger(series.intervalMs) && series.intervalMs >= 0).toBe(true)
  expect(Number.isFinite(value)).toBe(true)
  expect(Number.isInteger(timeMs) && timeMs >= 0).toBe(true)
}

function expectValidEvent(record: TestSink['events'][number]): void {
  expect(record.index).toMatch(/^collectd_[^\sA-Z]*$/)
  expect(Number.isInteger(record.timeMs) && record.timeMs >= 0).toBe(true)
  expect(['unknown', 'info', 'warning', 'critical']).toContain(record.severity)
  expect(record.publisher).not.toBe('')
  expect(record.annotations).toMatchObject({ source_type: 'collectd', processed_by: 'sg' })
  const digits = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)
  expect(JSON.stringify(record, digits)).toContain(JSON.stringify(record.index))
}

const junk = [
  null,
  true,
  '',
  'NaN',
  '\0',
  '__proto__',
  'constructor',
  'collectd_A b_\ud800',
  -1,
  0.5,
  1e308,
  12345678901234567000,
  [],
  {},
  [null],
  ['gauge', 'gauge'],
  { values: [1] },
  JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown,
  'x'.repeat(600),
]

const names = ['values', 'labels', 'annotations', 'ves', 'host', 'type']

function mutate(seed: string, random: () => number): Buffer {
  const tree: unknown = JSON.parse(seed)
  mutateTree(tree, { junk, names }, random)
  return mutateBytes(Buffer.from(JSON.stringify(tree)), 0.7, random)
}
