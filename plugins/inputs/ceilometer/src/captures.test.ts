import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testContext, testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import ceilometer from './index.ts'
import { decodeMessage } from './message.ts'

const folder = new URL('../../../../test/fixtures/', import.meta.url)
const bytesOf = (file: string) => readFileSync(new URL(file, folder))
const linesOf = (file: string) => bytesOf(file).toString().trimEnd().split('\n')
const bodiesOf = (file: string) =>
  linesOf(file).map((line) => Buffer.from((JSON.parse(line) as { body: string }).body))

function decodeAll(bodies: readonly (string | Buffer)[]): TestSink {
  const sink = testSink()
  const table = testSeriesTable()
  for (const body of bodies) decodeMessage(Buffer.from(body), table, sink)
  return sink
}

function outcome(body: string | Buffer): { samples: number; events: number; rejected: number } | 'refused' {
  try {
    const { samples, events, rejected } = decodeAll([body])
    return { samples: samples.length, events: events.length, rejected: rejected.length }
  } catch {
    return 'refused'
  }
}

/** The bodies of a file in which each stands behind its own length. */
function framedBodies(file: string, lengthBytes: 4 | 8): Buffer[] {
  const bytes = bytesOf(file)
  const bodies: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = lengthBytes === 4 ? bytes.readUInt32BE(at) : Number(bytes.readBigUInt64LE(at))
    at += lengthBytes
    bodies.push(bytes.subarray(at, (at += length)))
  }
  return bodies
}

test.each([
  ['notifier-metering.jsonl', { messages: 60, samples: 214, events: 0, series: 103 }],
  ['notifier-event.jsonl', { messages: 15, samples: 0, events: 15, series: 0 }],
  ['ceilometer-amqp1-legacy-metering.jsonl', { messages: 3, samples: 6, events: 0, series: 2 }],
  ['ceilometer-amqp1-legacy-event.jsonl', { messages: 1, samples: 0, events: 1, series: 0 }],
  ['ceilometer-amqp1-routable-metering.jsonl', { messages: 3, samples: 6, events: 0, series: 2 }],
  ['ceilometer-amqp1-routable-event.jsonl', { messages: 1, samples: 0, events: 1, series: 0 }],
  ['http-samples.jsonl', { messages: 34, samples: 129, events: 0, series: 69 }],
  ['http-samples-newer.jsonl', { messages: 1, samples: 5, events: 0, series: 5 }],
  ['http-events.jsonl', { messages: 15, samples: 0, events: 15, series: 0 }],
  ['udp-msgpack.bin', { messages: 80, samples: 80, events: 0, series: 80 }],
  ['udp-msgpack-newer.bin', { messages: 5, samples: 5, events: 0, series: 5 }],
  ['tcp-msgpack.bin', { messages: 5, samples: 5, events: 0, series: 5 }],
])('%s decodes completely', (name, expected) => {
  const file = `ceilometer/${name}`
  const bodies = name.endsWith('.jsonl') ? bodiesOf(file) : framedBodies(file, name.startsWith('tcp') ? 8 : 4)
  const { samples, events, rejected, skipped } = decodeAll(bodies)
  expect([rejected, skipped]).toEqual([[], []])
  expect({
    messages: bodies.length,
    samples: samples.length,
    events: events.length,
    series: new Set(samples.map(({ series }) => exposition(series))).size,
  }).toEqual(expected)
  for (const { series, timeMs } of samples) {
    expect(series.name).toMatch(/^ceilometer_/)
    expect(series.intervalMs).toBe(100_000)
    expect(timeMs).toBeGreaterThan(Date.UTC(2026, 10, 20))
  }
  for (const { index, timeMs, publisher, severity, labels, id } of events) {
    expect(index).toMatch(/^ceilometer_[a-z_]+$/)
    expect(timeMs).toBeGreaterThan(Date.UTC(2026, 10, 20))
    expect(Object.keys(labels)).not.toEqual([])
    expect(id).toMatch(/^[\da-f-]{36}$|^mid-1$/)
    expect([publisher, severity]).toEqual(
      name.startsWith('http') ? ['unknown', 'unknown'] : ['telemetry.publisher.controller-0', 'info'],
    )
  }
})

test('what the two forms of AMQP 1.0 addresses bring is the same', () => {
  const shown = (form: string) =>
    decodeAll(bodiesOf(`ceilometer/ceilometer-amqp1-${form}-metering.jsonl`)).samples
  expect(shown('legacy')).toEqual(shown('routable'))
})

test('one sample is the same over RabbitMQ, HTTP and UDP, but for the publisher, which only RabbitMQ names', () => {
  const payloadOf = (body: Buffer) =>
    (JSON.parse((JSON.parse(body.toString()) as Record<string, string>)['oslo.message']!) as { payload: Ids })
      .payload
  const overRabbit = samplesById(bodiesOf('ceilometer/notifier-metering.jsonl'), payloadOf)
  const overHttp = samplesById(
    bodiesOf('ceilometer/http-samples.jsonl'),
    (body) => JSON.parse(body.toString()) as Ids,
  )
  const overUdp = samplesById(framedBodies('ceilometer/udp-msgpack.bin', 4), (body) => [
    { id: /message_id.\$(.{36})/s.exec(body.toString('latin1'))![1]! },
  ])
  for (const [other, inCommon] of [
    [overHttp, 72],
    [overUdp, 38],
  ] as const) {
    const ids = [...other.keys()].filter((id) => overRabbit.has(id))
    expect(ids).toHaveLength(inCommon)
    for (const id of ids) {
      expect(other.get(id)!.series.labels.publisher).toBe('unknown')
      expect(withoutPublisher(other.get(id)!)).toEqual(withoutPublisher(overRabbit.get(id)!))
    }
  }
})

type Ids = readonly { id?: string; message_id?: string }[]

function samplesById(
  bodies: readonly Buffer[],
  idsOf: (body: Buffer) => Ids,
): Map<string, TestSink['samples'][number]> {
  const ids = bodies.flatMap((body) => idsOf(body)).map(({ id, message_id }) => id ?? message_id!)
  return new Map(decodeAll(bodies).samples.map((sample, i) => [ids[i]!, sample]))
}

function withoutPublisher({ series, value, timeMs }: TestSink['samples'][number]) {
  return { ...series, labels: { ...series.labels, publisher: '' }, value, timeMs }
}

test('the metrics that sg-core expects of its own test message come out, in its order of labels (B5)', () => {
  const { testInput, validatedResults } = (
    JSON.parse(bytesOf('sg-core/ceilometer-metric-tests.json').toString()) as {
      CeilometerMetrics: {
        testInput: unknown
        validatedResults: {
          Name: string
          LabelKeys: string[]
          LabelVals: string[]
          Time: number
          Value: number
        }[]
      }
    }
  ).CeilometerMetrics
  const body = JSON.stringify(testInput)
  const expected = validatedResults.map(({ Name, LabelKeys, LabelVals, Time, Value }) => ({
    name: Name,
    labels: LabelKeys.map((key, i) => [key, LabelVals[i]]),
    type: 'gauge',
    // sg-core cuts the seconds' fraction off.
    seconds: Time,
    value: Value,
  }))
  expect(expected).toHaveLength(6)
  const { samples } = decodeAll(Array.from({ length: 10 }, () => body))
  const shown = samples.map(({ series, value, timeMs }) => ({
    name: series.name,
    labels: Object.entries(series.labels),
    type: series.type,
    seconds: Math.floor(timeMs / 1000),
    value,
  }))
  expect(shown).toEqual(Array.from({ length: 10 }, () => expected).flat())
  expect(new Set(samples.map(({ series }) => series)).size).toBe(6)
  expect(samples[0]!.timeMs).toBe(1600099969939)
})

test('the msgpack map of sg-core gives what its page showed, and a time', () => {
  const { samples, rejected } = decodeAll([bytesOf('sg-core/msgpack-test.msgpack')])
  expect(rejected).toEqual([])
  expect(samples.map(({ series, value }) => `${exposition(series)} ${value}`)).toEqual([
    'ceilometer_test_name_0_0_82{counter="test_name_0_0_82",project="test_project_id_0",project_name="test_project_name_0",publisher="localhost.localdomain",resource="test_resource_id",resource_name="test_display_name:test_name",test_name_0_0_82="test_resource_id",type="test_name_0_0_82",unit="test_unit",user="test_user_id",user_name="test_user_name"} 0',
  ])
  expect(samples[0]).toMatchObject({
    series: { type: 'untyped' },
    timeMs: Date.parse('2022-11-28T09:56:47.304Z'),
  })
})

/** A series as Prometheus shows it: labels sorted, those with an empty value left out. */
function exposition({ name, labels }: TestSink['samples'][number]['series']): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '')
  return `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).sort()}}`
}

const ceilometerTests: Readonly<Record<string, readonly ReturnType<typeof outcome>[]>> = {
  'plugins/transport/dummy-metrics/main.go': [metrics(1)],
  'plugins/handler/ceilometer-metrics/pkg/ceilometer/ceilometer_test.go': [
    ...[1, 1, 3, 1, 1].map(metrics),
    ...Array.from({ length: 13 }, () => 'refused' as const),
  ],
  'plugins/handler/events/ceilometer/ceilometer_test.go': Array.from({ length: 6 }, event),
}

function metrics(samples: number) {
  return { samples, events: 0, rejected: 0 }
}

function event() {
  return { samples: 0, events: 1, rejected: 0 }
}

test.each(Object.entries(ceilometerTests))(
  'the messages of %s have the outcome that is due',
  (file, expected) => {
    const bodies = sgCoreSamples().filter((sample) => sample.file === file)
    expect(bodies.map(({ body }) => outcome(body))).toEqual(expected)
  },
)

test('the events of sg-core have the index, time, publisher and labels that it gives them', () => {
  const bodies = sgCoreSamples()
    .filter(({ file }) => file === 'plugins/handler/events/ceilometer/ceilometer_test.go')
    .map(({ body }) => body)
  const { events } = decodeAll(bodies)
  expect(events.map(({ index }) => index)).toEqual([
    'ceilometer_image',
    'ceilometer_image',
    'ceilometer_wubba',
    'ceilometer_wubba',
    'ceilometer_generic',
    'ceilometer_generic',
  ])
  expect(events[0]).toEqual({
    index: 'ceilometer_image',
    timeMs: 1583504009_497,
    timeNs: 96_000,
    severity: 'info',
    publisher: 'telemetry.publisher.controller-0.redhat.local',
    labels: {
      service: 'image.localhost',
      project_id: '0f500647077b47f08a8ca9181e9b7aef',
      user_id: '0f500647077b47f08a8ca9181e9b7aef',
      resource_id: 'c4f7e00b-df85-4b77-9e1a-26a1de4d5735',
      name: 'cirros',
      status: 'deleted',
      created_at: '2020-03-06T14:01:07',
      deleted_at: '2020-03-06T14:13:29',
      size: 13287936,
    },
    annotations: { source_type: 'ceilometer', processed_by: 'sg', event_type: 'image.delete' },
    id: '084c0bca-0d19-40c0-a724-9916e4815845',
  })
  // Without `generated` the message's own time counts; the last two have none at all.
  expect(events.slice(2).map(({ timeMs }) => timeMs)).toEqual([1583504010_057, 1583504010_057, 0, 0])
  expect(events.every(({ labels }) => labels.size === 13287936)).toBe(true)
})

test('messages of collectd yield no record', () => {
  const others = sgCoreSamples().filter(({ file }) => file.includes('collectd'))
  expect(others.length).toBeGreaterThan(20)
  for (const { body } of others) {
    const result = outcome(body)
    expect(result === 'refused' || (result.samples === 0 && result.events === 0)).toBe(true)
  }
})

function sgCoreSamples(): { body: string; file: string }[] {
  return linesOf('sg-core/samples-sg-core.jsonl').map(
    (line) => JSON.parse(line) as { body: string; file: string },
  )
}

test.each([
  ['ceil-usermeta', ['ceilometer_cpu gauge']],
  ['ceil-usermeta-nonstring', ['ceilometer_nonstr gauge']],
  ['ceil-quote', ['ceilometer_memory gauge']],
  ['ceil-no-timezone', ['ceilometer_notz gauge']],
  ['ceil-type-conflict', ['ceilometer_typ gauge', 'ceilometer_typ untyped']],
  ['ceil-dash-name', ['ceilometer_hardware_fan-1 gauge', 'ceilometer_disk_ok gauge']],
  ['ceil-dup-label', ['ceilometer_project_thing gauge']],
])('the edge case %s gives every sample that it holds', (id, expected) => {
  const { samples, rejected } = decodeAll([edgeCase(id)])
  expect(samples.map(({ series }) => `${series.name} ${series.type}`)).toEqual(expected)
  expect(rejected).toEqual([])
})

test('no other edge case yields a record', () => {
  const others = edgeCases().filter(
    ({ id, kind }) => kind !== 'ceilometer-metrics' || id === 'ceil-stale-schema',
  )
  expect(edgeCases().length - others.length).toBe(7)
  for (const { body } of others) {
    const result = outcome(body)
    expect(result === 'refused' || result.rejected > 0).toBe(true)
  }
})

function edgeCase(id: string): string {
  return edgeCases().find((one) => one.id === id)!.body
}

function edgeCases(): { id: string; kind: string; body: string }[] {
  return linesOf('sg-core/edge-cases.jsonl').map(
    (line) => JSON.parse(line) as { id: string; kind: string; body: string },
  )
}

test('the example in the definition is a message that it decodes', async () => {
  const session = await ceilometer.open(testContext({}))
  const sink = testSink()
  session.decode!({ body: Buffer.from(ceilometer.example!.body) }, sink)
  expect(sink.samples).toMatchObject([{ series: { name: 'ceilometer_memory_usage' }, value: 512, timeMs: 0 }])
  expect(sink.rejected).toEqual([])
})
