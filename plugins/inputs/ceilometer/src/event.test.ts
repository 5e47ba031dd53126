import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import { decodeMessage } from './message.ts'

function decode(payload: string, more = '"publisher_id":"p"'): TestSink {
  const sink = testSink()
  decodeMessage(Buffer.from(`{${more},"payload":${payload}}`), testSeriesTable(), sink)
  return sink
}

const withTraits = (traits: string) => decode(`[{"event_type":"a.b","traits":${traits}}]`)

test('integers keep every digit, and only they become bigint', () => {
  const { events } = withTraits(
    '[["a",2,9007199254740993],["b",2,-18446744073709551615],["c",2,5],["d",3,1e+20],["e",3,0.1],["f",1,"18446744073709551615"],["g",4,"2020-03-06T14:01:07"]]',
  )
  expect(events[0]!.labels).toEqual({
    a: 9007199254740993n,
    b: -18446744073709551615n,
    c: 5,
    d: 1e20,
    e: 0.1,
    f: '18446744073709551615',
    g: '2020-03-06T14:01:07',
  })
  expect(stringifyExactly(events[0]!.labels)).toContain('"a":9007199254740993,"b":-18446744073709551615')
})

test('a bad trait is rejected with its position; the event goes on without it', () => {
  const { events, rejected } = withTraits(
    '[["a",1,"x"],["b",1],["c",1,2,3],"d",null,{},["",1,"x"],[5,1,"x"],["e",1,"y"]]',
  )
  expect(events.map(({ labels }) => labels)).toEqual([{ a: 'x', e: 'y' }])
  expect(rejected).toEqual(
    [1, 2, 3, 4, 5, 6, 7].map(
      (at) => `element 0: trait ${at} is not a name, a type and a value of at most 100 levels`,
    ),
  )
})

test('traits may nest as deep as 100 levels', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  expect(withTraits(`[["a",1,${nested(100)}]]`).rejected).toEqual([])
  const { events, rejected } = withTraits(`[["a",1,${nested(101)}]]`)
  expect(events).toMatchObject([{ labels: {} }])
  expect(rejected).toHaveLength(1)
})

test.each(['null', '5', '"x"', '{}'])('traits %s reject the event', (traits) => {
  expect(withTraits(traits)).toMatchObject({ events: [], rejected: ['element 0: traits is not an array'] })
})

test('traits of any name are labels, and no label is anything else', () => {
  const { events } = withTraits('[["__proto__",1,"p"],["constructor",1,"c"],["toString",1,"t"]]')
  const { labels } = events[0]!
  expect(Object.entries(labels)).toEqual([
    ['__proto__', 'p'],
    ['constructor', 'c'],
    ['toString', 't'],
  ])
  expect(Object.getPrototypeOf(labels)).toBe(Object.prototype)
  expect(JSON.stringify(labels)).toBe('{"__proto__":"p","constructor":"c","toString":"t"}')
})

test('10,000 traits are 10,000 labels, in good time', () => {
  const traits = Array.from({ length: 10_000 }, (_, i) => [`trait-${i}`, 2, i])
  const startedMs = performance.now()
  const { events, rejected } = withTraits(JSON.stringify(traits))
  expect(performance.now() - startedMs).toBeLessThan(1000)
  expect(Object.keys(events[0]!.labels)).toHaveLength(10_000)
  expect(events[0]!.labels['trait-9999']).toBe(9999)
  expect(rejected).toEqual([])
})

test.each([
  ['image.delete', 'ceilometer_image'],
  ['compute.instance.create.end', 'ceilometer_compute_instance_create'],
  ['wubba', 'ceilometer_wubba'],
  ['a-b.c-d.e-f', 'ceilometer_a_b_c_d'],
  ['ceilometer_x.y', 'ceilometer_x'],
  ['OS Service.Done', 'ceilometer_os_service'],
])('the event type %s has the index %s and stays whole in the annotations', (event_type, index) => {
  const [event] = decode(JSON.stringify([{ event_type, traits: [] }])).events
  expect(event).toMatchObject({
    index,
    annotations: { source_type: 'ceilometer', processed_by: 'sg', event_type },
  })
})

test('an event without a type has that of its message, or none', () => {
  expect(decode('[{"traits":[]}]', '"event_type":"wubba.x"').events).toMatchObject([
    { index: 'ceilometer_wubba', annotations: { event_type: 'wubba.x' } },
  ])
  expect(decode('[{"traits":[],"event_type":""}]').events).toMatchObject([
    { index: 'ceilometer_generic', annotations: { source_type: 'ceilometer', processed_by: 'sg' } },
  ])
})

test.each([
  ['AUDIT', 'info'],
  ['info', 'info'],
  ['SAMPLE', 'info'],
  ['sample', 'info'],
  ['warn', 'warning'],
  ['WARNING', 'warning'],
  ['ERROR', 'critical'],
  ['critical', 'critical'],
  ['Sample', 'unknown'],
  ['debug', 'unknown'],
  [5, 'unknown'],
  [undefined, 'unknown'],
])('the priority %j is the severity %s', (priority, severity) => {
  expect(decode('[{"traits":[]}]', JSON.stringify({ x: 0, priority }).slice(1, -1)).events[0]!.severity).toBe(
    severity,
  )
})

test('only its own message id identifies an event', () => {
  const ids = ['[{"traits":[],"message_id":"own"}]', '[{"traits":[],"message_id":5}]', '[{"traits":[]}]'].map(
    (payload) => decode(payload, '"message_id":"message"').events[0]!,
  )
  expect(ids[0]!.id).toBe('own')
  expect(ids.slice(1).some((event) => 'id' in event)).toBe(false)
})

test('a notification of a service is one event: its plain members are the labels', () => {
  const { events, rejected } = decode(
    '{"instance_id":"i","memory_mb":512,"big":18446744073709551615,"deleted_at":null,"ok":true,"image_meta":{"a":"b"},"fixed_ips":[1]}',
    '"publisher_id":"compute.c0","event_type":"compute.instance.create.error","priority":"ERROR","message_id":"m1","timestamp":"2026-11-20 09:38:52.920441","_context_user":"u"',
  )
  expect(events).toEqual([
    {
      index: 'ceilometer_compute_instance_create',
      timeMs: Date.UTC(2026, 10, 20, 9, 38, 52, 920),
      timeNs: 441_000,
      severity: 'critical',
      publisher: 'compute.c0',
      labels: { instance_id: 'i', memory_mb: 512, big: 18446744073709551615n, deleted_at: null, ok: true },
      annotations: {
        source_type: 'ceilometer',
        processed_by: 'sg',
        event_type: 'compute.instance.create.error',
      },
      id: 'm1',
    },
  ])
  expect(rejected).toEqual([])
})

test('a payload with traits is the event itself, a raw notification without an object is rejected', () => {
  expect(decode('{"event_type":"a.b","traits":[["x",2,1]]}').events).toMatchObject([
    { index: 'ceilometer_a', publisher: 'p', labels: { x: 1 } },
  ])
  expect(decode('[{"event_type":"a.b","payload":[]}]').rejected).toEqual([
    'element 0: the payload is not an object',
  ])
})
