import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testContext, testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import collectd from './index.ts'
import { decodeMessage } from './message.ts'

const folder = new URL('../../../../test/fixtures/', import.meta.url)
const linesOf = (file: string) => readFileSync(new URL(file, folder), 'utf8').trimEnd().split('\n')
const bodiesOf = (file: string) => linesOf(file).map((line) => (JSON.parse(line) as { body: string }).body)

function decodeAll(bodies: readonly string[]): TestSink {
  const sink = testSink()
  const table = testSeriesTable()
  for (const body of bodies) decodeMessage(Buffer.from(body), table, sink)
  return sink
}

function outcome(body: string): { samples: number; events: number; rejected: number } | 'refused' {
  try {
    const { samples, events, rejected } = decodeAll([body])
    return { samples: samples.length, events: events.length, rejected: rejected.length }
  } catch {
    return 'refused'
  }
}

test.each([
  ['collectd/amqp-json.jsonl', { samples: 2231, events: 0, skipped: 1 }],
  ['collectd/amqp-json-store-rates.jsonl', { samples: 337, events: 0, skipped: 110 }],
  ['collectd/amqp-json-via-network.jsonl', { samples: 166, events: 0, skipped: 0 }],
  ['collectd/amqp1-telemetry.jsonl', { samples: 447, events: 0, skipped: 0 }],
  ['collectd/amqp1-notify.jsonl', { samples: 0, events: 84, skipped: 0 }],
  ['collectd/write-http.jsonl', { samples: 1950, events: 10, skipped: 0 }],
])('%s decodes completely', (file, expected) => {
  const { samples, events, skipped, rejected } = decodeAll(bodiesOf(file))
  expect(rejected).toEqual([])
  expect({ samples: samples.length, events: events.length, skipped: skipped.length }).toEqual(expected)
  for (const { series, value, timeMs } of samples) {
    expect(series.intervalMs).toBe(1000)
    expect(Number.isFinite(value)).toBe(true)
    expect(timeMs).toBeGreaterThan(1.5e12)
  }
  for (const { timeMs, severity, publisher, labels, annotations } of events) {
    expect(timeMs).toBeGreaterThan(1.5e12)
    expect(severity).not.toBe('unknown')
    expect(publisher).toBe(labels.instance === '' ? 'unknown' : labels.instance)
    expect(['undefined', 'object']).toContain(typeof annotations.ves)
  }
})

test('a real cluster gives exactly the series and values that sg-core showed', () => {
  const bodies = linesOf('sg-core/collectd-2020-01-10-crc.jsonl')
  // Its sender repeated the first line at the end, and sg-core kept the last arrival.
  const { samples, rejected, skipped } = decodeAll([...bodies, bodies[0]!])
  const shown = new Map(samples.map(({ series, value }) => [exposition(series), value]))
  const types = new Map(samples.map(({ series }) => [series.name, series.type]))

  const golden = linesOf('sg-core/golden-collectd-2020-01-10-crc.prom')
  const expected = new Map(
    golden
      .filter((line) => line.startsWith('collectd_'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  )
  const expectedTypes = new Map(
    golden
      .filter((line) => line.startsWith('# TYPE collectd_'))
      .map((line) => line.split(' ').slice(2) as [string, string]),
  )
  expect(bodies).toHaveLength(5871)
  expect(expected.size).toBe(454)
  expect([...shown].sort()).toEqual([...expected].sort())
  expect([...types].sort()).toEqual([...expectedTypes].sort())
  expect([rejected, skipped]).toEqual([[], []])
})

function exposition({ name, labels }: TestSink['samples'][number]['series']): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return `${name}{${pairs.join(',')}}`
}

const collectdTests: Readonly<Record<string, readonly ReturnType<typeof outcome>[]>> = {
  'plugins/transport/dummy-events/main.go': ['refused', event(), event(), event(), event(), event()],
  'plugins/handler/collectd-metrics/main_test.go': [
    'refused',
    ...Array.from({ length: 8 }, () => ({ samples: 0, events: 0, rejected: 1 })),
    ...[1, 1, 2, 2].map(metrics),
  ],
  'plugins/handler/collectd-metrics/pkg/collectd/collectd_test.go': [
    ...[1, 3, 3, 1, 1, 1].map(metrics),
    'refused',
    'refused',
    ...[0, 4, 2, 2, 3, 2, 2, 1].map(metrics),
  ],
  'plugins/handler/events/collectd/collectd_test.go': Array.from({ length: 10 }, event),
  'plugins/handler/events/pkg/lib/source_test.go': ['refused', event()],
}

function metrics(samples: number) {
  return { samples, events: 0, rejected: 0 }
}

function event() {
  return { samples: 0, events: 1, rejected: 0 }
}

test.each(Object.entries(collectdTests))(
  'the messages of %s have the outcome that is due',
  (file, expected) => {
    const bodies = sgCoreSamples().filter((sample) => sample.file === file)
    expect(bodies.map(({ body }) => outcome(body))).toEqual(expected)
  },
)

test('messages of other producers yield no record', () => {
  const others = sgCoreSamples().filter(({ file }) => collectdTests[file] === undefined)
  expect(others.length).toBeGreaterThan(20)
  expect(new Set(others.map(({ body }) => outcome(body)))).toEqual(new Set(['refused']))
})

function sgCoreSamples(): { body: string; file: string }[] {
  return linesOf('sg-core/samples-sg-core.jsonl').map(
    (line) => JSON.parse(line) as { body: string; file: string },
  )
}

test('a VES event gives the same event as text and as an object', () => {
  const bodies = sgCoreSamples()
    .filter(({ file }) => file === 'plugins/handler/events/collectd/collectd_test.go')
    .map(({ body }) => body)
  for (const at of [0, 2, 4, 6]) {
    expect(decodeAll([bodies[at]!]).events).toEqual(decodeAll([bodies[at + 1]!]).events)
  }
})

test.each([
  ['cd-null', { samples: 1, events: 0, rejected: 0 }],
  ['cd-bare-nan', 'refused'],
  ['cd-dsnames-short', { samples: 0, events: 0, rejected: 1 }],
  ['cd-dsnames-long', { samples: 0, events: 0, rejected: 1 }],
  ['cd-bad-chars', { samples: 1, events: 0, rejected: 0 }],
  ['cd-key-collision', { samples: 2, events: 0, rejected: 0 }],
  ['cd-u64-escape', { samples: 1, events: 0, rejected: 0 }],
  ['cd-mixed-array', { samples: 1, events: 0, rejected: 1 }],
])('the edge case %s has the outcome that is due', (id, expected) => {
  expect(outcome(edgeCase(id))).toEqual(expected)
})

test('every edge case of collectd is covered, and those of ceilometer are refused', () => {
  const cases = linesOf('sg-core/edge-cases.jsonl').map(
    (line) => JSON.parse(line) as { kind: string; body: string },
  )
  expect(cases.filter(({ kind }) => kind === 'collectd-metrics')).toHaveLength(8)
  const others = cases.filter(({ kind }) => kind !== 'collectd-metrics')
  expect(new Set(others.map(({ body }) => outcome(body)))).toEqual(new Set(['refused']))
})

test('edge cases keep their values, names and times', () => {
  const sampled = (id: string) =>
    decodeAll([edgeCase(id)]).samples.map(({ series, value, timeMs }) => [
      exposition(series),
      series.type,
      series.intervalMs,
      value,
      timeMs,
    ])
  expect(sampled('cd-bad-chars')).toEqual([
    [
      'collectd_my-plug_my.type{host="h",plugin_instance="base",type_instance="base"}',
      'untyped',
      500,
      3,
      1578677542547,
    ],
  ])
  expect(sampled('cd-u64-escape')).toEqual([
    [
      'collectd_big_total{host="h\\"q\\\\b",plugin_instance="base",type_instance="base"}',
      'counter',
      5000,
      18446744073709552000,
      1578677542999,
    ],
  ])
  expect(sampled('cd-key-collision').map(([series, , , value]) => [series, value])).toEqual([
    ['collectd_p_t{host="h",plugin_instance="ab",type_instance="c"}', 1],
    ['collectd_p_t{host="h",plugin_instance="a",type_instance="bc"}', 2],
  ])
})

function edgeCase(id: string): string {
  const line = linesOf('sg-core/edge-cases.jsonl').find((text) => text.includes(`"${id}"`))
  return (JSON.parse(line!) as { body: string }).body
}

test('the example in the definition is a message that it decodes', async () => {
  const session = await collectd.open(testContext({}))
  const sink = testSink()
  session.decode!({ body: Buffer.from(collectd.example!.body) }, sink)
  expect(sink.samples).toMatchObject([{ series: { name: 'collectd_cpu_percent' }, value: 42, timeMs: 0 }])
  expect(sink.rejected).toEqual([])
})
