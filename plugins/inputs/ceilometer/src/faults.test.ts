/** The faults of sg-core that concern ceilometer, by their ids. */
import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

const sample = {
  counter_name: 'cpu',
  counter_type: 'gauge',
  counter_volume: 1,
  resource_id: 'r',
  resource_metadata: {},
}
const event = {
  event_type: 'image.delete',
  generated: '2021-02-10T03:50:41',
  traits: [['name', 1, 'cirros']],
}

const notified = (payload: unknown, more: object = {}) => ({
  'oslo.version': '2.0',
  'oslo.message': JSON.stringify({
    publisher_id: 'p',
    event_type: 'e',
    priority: 'SAMPLE',
    payload,
    ...more,
  }),
})

function decode(...bodies: unknown[]): TestSink {
  const sink = testSink()
  const table = testSeriesTable()
  for (const body of bodies) {
    decodeMessage(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), table, sink)
  }
  return sink
}

test('B1: a message that is none of ceilometer is refused for good, and says why', () => {
  const says = 'the body holds no notification of oslo.messaging: it has no payload'
  expect(() => decode({ hello: 'world' })).toThrow(says)
  expect(() => decode({ hello: 'world' })).toThrow(expect.objectContaining({ retryable: false }))
})

test('B1: white space does not change what a message is', () => {
  const message = notified([event, sample])
  const spaced = { 'oslo.message': JSON.stringify(JSON.parse(message['oslo.message']), null, '\t') }
  const plain = decode(message)
  const { samples, events, rejected } = decode(JSON.stringify({ request: spaced }, null, '\n '))
  expect({ samples, events, rejected }).toEqual({
    samples: plain.samples,
    events: plain.events,
    rejected: [],
  })
  expect([samples.length, events.length]).toEqual([1, 1])
})

test('B2: float and null traits keep their values', () => {
  const traits = [
    ['load', 3, 1.25],
    ['nothing', 1, null],
    ['yes', 1, true],
  ]
  const { events, rejected } = decode(notified([{ ...event, traits }]))
  expect(events[0]!.labels).toEqual({ load: 1.25, nothing: null, yes: true })
  expect(rejected).toEqual([])
})

test('B5: the labels of a series do not depend on the order of user metadata', () => {
  const withMetadata = (user_metadata: object) =>
    notified([{ ...sample, resource_metadata: { user_metadata } }])
  const { samples } = decode(withMetadata({ b: '2', a: '1' }), withMetadata({ a: '1', b: '2' }))
  expect(samples.map(({ series }) => Object.keys(series.labels).slice(-2))).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ])
  expect(JSON.stringify(samples[0]!.series)).toBe(JSON.stringify(samples[1]!.series))
})

test('B8: quotes and backslashes inside strings stay what they are', () => {
  const display_name = 'my "vm" \\" {"payload":[]} $0 \\\\'
  const { samples } = decode(notified([{ ...sample, resource_metadata: { display_name } }]))
  expect(samples[0]!.series.labels.resource_name).toBe(display_name)
})

test('B9: a message without content yields nothing, whatever came before', () => {
  const table = testSeriesTable()
  const sink = testSink()
  decodeMessage(Buffer.from(JSON.stringify(notified([sample]))), table, sink)
  expect(() => decodeMessage(Buffer.from('{}'), table, sink)).toThrow('it has no payload')
  expect(sink.samples).toHaveLength(1)
})

test('B11: series of confusable ids are told apart', () => {
  const { samples } = decode(
    notified([
      { ...sample, user_id: 'ab', project_id: 'c' },
      { ...sample, user_id: 'a', project_id: 'bc' },
      { ...sample, resource_metadata: { user_metadata: { a: 'b1:c1:d' } } },
      { ...sample, resource_metadata: { user_metadata: { a: 'bc:d' } } },
      { ...sample, resource_metadata: { user_metadata: { a: 'b', c: 'd' } } },
    ]),
  )
  expect(samples.map(({ series: { labels } }) => [labels.user, labels.project, labels.a, labels.c])).toEqual([
    ['ab', 'c', undefined, undefined],
    ['a', 'bc', undefined, undefined],
    [undefined, undefined, 'b1:c1:d', undefined],
    [undefined, undefined, 'bc:d', undefined],
    [undefined, undefined, 'b', 'd'],
  ])
})

test('B12: a name keeps the characters that Prometheus forbids, for the output to replace', () => {
  const names = [
    'hardware.fan-1',
    "$.payload.outcome - $.payload.outcome + 'identity.authenticate.' + $.payload.outcome",
  ]
  const { samples, rejected } = decode(notified(names.map((name) => ({ ...sample, counter_name: name }))))
  expect(samples.map(({ series }) => series.name)).toEqual(
    names.map((name) => `ceilometer_${name.replaceAll('.', '_')}`),
  )
  expect(rejected).toEqual([])
})

test.each(['publisher', 'type', 'counter', 'project', 'user', 'unit', 'resource'])(
  'B12: a counter whose first part is %s has that label once, and it is the fixed one',
  (first) => {
    const one = { ...sample, counter_name: `${first}.x.y`, counter_unit: 'B', user_id: 'u', project_id: 'p1' }
    const fixed = {
      publisher: 'p',
      type: 'x',
      counter: `${first}.x.y`,
      project: 'p1',
      user: 'u',
      unit: 'B',
      resource: 'r',
    }
    expect(decode(notified([one])).samples[0]!.series.labels).toEqual(fixed)
  },
)

test('B12: a key of user metadata that is taken gets a prefix, or is left out when it says the same', () => {
  const user_metadata = { project: 'mine', user: 'u', meta_project: 'other', cpu: 'r', type: 't', host: 'h' }
  const one = { ...sample, user_id: 'u', project_id: 'p1', resource_metadata: { user_metadata } }
  expect(decode(notified([one])).samples[0]!.series.labels).toEqual({
    cpu: 'r',
    publisher: 'p',
    type: 'cpu',
    counter: 'cpu',
    project: 'p1',
    user: 'u',
    resource: 'r',
    host: 'h',
    meta_project: 'other',
    meta_meta_project: 'mine',
    meta_type: 't',
  })
})

test.each([
  ['2021-02-10T03:50:41.471813', Date.UTC(2021, 1, 10, 3, 50, 41, 471)],
  ['2021-02-10 03:50:41.471813', Date.UTC(2021, 1, 10, 3, 50, 41, 471)],
  ['2021-02-10T03:50:41', Date.UTC(2021, 1, 10, 3, 50, 41)],
  ['2021-02-10T03:50:41.5Z', Date.UTC(2021, 1, 10, 3, 50, 41, 500)],
  ['2020-09-14T16:12:49.939250+00:00', Date.UTC(2020, 8, 14, 16, 12, 49, 939)],
  ['2020-09-14T16:12:49.939250-07:30', Date.UTC(2020, 8, 14, 23, 42, 49, 939)],
  ['Thu Feb 11 21:43:11 2021', Date.UTC(2021, 1, 11, 21, 43, 11)],
  ['2021-02-30T00:00:00', 0],
  ['1969-12-31T23:59:59', 0],
  ['yesterday', 0],
  ['', 0],
  [1612929041, 0],
  [{}, 0],
  [null, 0],
  [undefined, 0],
])('B17: the time %j is read as %i', (timestamp, timeMs) => {
  const { samples } = decode(notified([{ ...sample, timestamp }]))
  const { events } = decode(notified([{ ...event, generated: timestamp }]))
  expect([samples[0]!.timeMs, events[0]!.timeMs]).toEqual([timeMs, timeMs])
})

test('B17: the microseconds of an event are kept, and its message stands in for a missing time', () => {
  const { events } = decode(
    notified(
      [
        { ...event, generated: '2020-03-06T14:13:29.497096' },
        { ...event, generated: 'never' },
      ],
      {
        timestamp: '2020-03-06 14:13:30.057411',
      },
    ),
  )
  expect(events.map(({ timeMs, timeNs }) => [timeMs, timeNs])).toEqual([
    [1583504009497, 96_000],
    [1583504010057, 411_000],
  ])
})
