import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

const sample = '{"counter_name":"a.b","counter_type":"gauge","counter_volume":5,"resource_id":"r"}'
const event = '{"message_id":"id-1","event_type":"image.delete","traits":[["size",2,9007199254740993]]}'
const message = (payload: string) =>
  `{"publisher_id":"p","event_type":"e","priority":"INFO","payload":${payload}}`
const envelope = (text: string) => JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': text })

function decode(body: string | Buffer): TestSink {
  const sink = testSink()
  decodeMessage(Buffer.from(body), testSeriesTable(), sink)
  return sink
}

function refusal(body: string | Buffer): Error {
  try {
    decode(body)
  } catch (error) {
    return error as Error
  }
  throw new Error('it was not refused')
}

const both = message(`[${sample},${event}]`)

test.each([
  ['in its envelope', envelope(both)],
  ['with the request wrapper', `{"request":${envelope(both)},"context":{}}`],
  ['bare, as oslo.messaging 1 sends it', both],
  ['escaped twice', envelope(both.replaceAll('"', '\\"'))],
  ['with a byte order mark', `\uFEFF${envelope(both)}`],
  ['after white space', `\r\n\t ${envelope(both)}`],
])('a notification is decoded %s', (_form, body) => {
  const { samples, events, rejected, skipped } = decode(body)
  expect(samples).toMatchObject([
    { series: { name: 'ceilometer_a_b', labels: { publisher: 'p' } }, value: 5 },
  ])
  expect(events).toMatchObject([
    { index: 'ceilometer_image', publisher: 'p', severity: 'info', labels: { size: 9007199254740993n } },
  ])
  expect([rejected, skipped]).toEqual([[], []])
})

test('an array of the http publisher may hold samples, events and raw notifications, in any order', () => {
  const http = '{"name":"a.b","type":"cumulative","unit":"B","volume":7,"resource_id":"r"}'
  const raw =
    '{"publisher_id":"image.c0","event_type":"image.send","payload":{"size":18446744073709551615},"metadata":{"message_id":"id-2","timestamp":"2026-11-20 09:38:52.933580"}}'
  const { samples, events, rejected } = decode(`[${raw},${event},${http}]`)
  expect(samples).toMatchObject([
    {
      series: { name: 'ceilometer_a_b', type: 'counter', labels: { publisher: 'unknown', unit: 'B' } },
      value: 7,
    },
  ])
  expect(events).toMatchObject([
    {
      index: 'ceilometer_image',
      id: 'id-2',
      publisher: 'image.c0',
      labels: { size: 18446744073709551615n },
      timeMs: Date.UTC(2026, 10, 20, 9, 38, 52, 933),
    },
    { index: 'ceilometer_image', id: 'id-1', publisher: 'unknown', severity: 'unknown' },
  ])
  expect(rejected).toEqual([])
})

test('an empty array is no record and no error', () => {
  expect(decode('[]')).toMatchObject({ samples: [], events: [], rejected: [], skipped: [] })
})

test('one wrong element is rejected with its position; the others go through', () => {
  const wrong = '{"counter_type":"gauge","counter_volume":1},{"name":"x"},{},5,null,"x",[]'
  const { samples, events, rejected } = decode(envelope(message(`[${sample},${wrong},${event}]`)))
  expect([samples.length, events.length]).toEqual([1, 1])
  expect(rejected).toEqual(
    [1, 2, 3, 4, 5, 6, 7].map((at) =>
      expect.stringMatching(new RegExp(`^element ${at} is neither a sample .* nor a notification`)),
    ),
  )
})

test('the samples of a polling agent come out as samples', () => {
  const { samples, events } = decode(envelope(message(`{"samples":[${sample},${sample}]}`)))
  expect([samples.length, events.length]).toEqual([2, 0])
})

test.each([
  ['', 'the body is empty'],
  ['{}', 'the body holds no notification of oslo.messaging: it has no payload'],
  ['{"request":{}}', 'oslo.message is not a string'],
  ['{"request":5}', 'the body is neither a notification of oslo.messaging nor an array'],
  ['{"request":[]}', 'the body is neither a notification of oslo.messaging nor an array'],
  ['{"request":null}', 'the body is neither a notification of oslo.messaging nor an array'],
  ['{"oslo.message":{}}', 'oslo.message is not a string'],
  [envelope('[]'), 'the body holds no notification of oslo.messaging: it has no payload'],
  [envelope('{}'), 'the body holds no notification of oslo.messaging: it has no payload'],
  [envelope('null'), 'the body holds no notification of oslo.messaging: it has no payload'],
  [envelope('{invalid nested json}'), 'oslo.message is not JSON: '],
  [envelope('{\\"a\\": }'), 'oslo.message, with its quotes escaped twice, is not JSON: '],
  [envelope(both.slice(0, -10)), 'oslo.message is not JSON: '],
  [envelope(both).slice(0, -1), 'the body is not JSON: '],
  [envelope(message('[]')), 'the payload is empty'],
  [envelope(message('null')), 'the payload is neither an array nor an object'],
  [envelope(message('5')), 'the payload is neither an array nor an object'],
  [envelope(message('"[]"')), 'the payload is neither an array nor an object'],
  [`[${sample},NaN]`, 'the body is not JSON: '],
  ['5', 'the body is neither JSON (an object or an array, in UTF-8) nor a msgpack map'],
  ['"x"', 'the body is neither JSON (an object or an array, in UTF-8) nor a msgpack map'],
  [Buffer.from(envelope(both), 'utf16le'), 'the body is not JSON: '],
  [Buffer.from(`\uFEFF${envelope(both)}`, 'utf16le'), 'the body is neither JSON'],
  [Buffer.from(`PUTVAL h/p/t interval=1 N:1`), 'the body is neither JSON'],
  [Buffer.from([0x1f, 0x8b, 8, 0]), 'the body is neither JSON'],
  [Buffer.from([0x93, 1, 2, 3]), 'the body is neither JSON'],
])('the body %j is refused for good', (body, says) => {
  const error = refusal(body)
  expect(error.message).toContain(says)
  expect(error).toMatchObject({ retryable: false })
})

test('a refusal quotes no more of a body than a few characters', () => {
  const secret = 'x'.repeat(20_000)
  expect(refusal(envelope(`{"a": "${secret}`)).message.length).toBeLessThan(200)
})

test('invalid UTF-8 in a string becomes the replacement character, as everywhere in the gateway', () => {
  const body = Buffer.from(envelope(message(`[${sample.replace('"r"', '"r#"')}]`)))
  body[body.indexOf('#')] = 0xff
  expect(decode(body).samples[0]!.series.labels.resource).toBe('r\uFFFD')
})

test('a body of megabytes and one of 200,000 levels end in good time', () => {
  const startedMs = performance.now()
  const many = decode(envelope(message(`[${Array.from({ length: 20_000 }, () => sample).join()}]`)))
  expect(many.samples).toHaveLength(20_000)
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  expect(decode(`[${deep}]`).rejected).toHaveLength(1)
  expect(decode(envelope(message(`[{"traits":[["a",1,${deep}],["b",2,3]]}]`)))).toMatchObject({
    events: [{ labels: { b: 3 } }],
    rejected: ['element 0: trait 0 is not a name, a type and a value of at most 100 levels'],
  })
  const { message: says } = refusal(
    envelope(message(`[{"traits":[["a",1,${deep}],["b",2,9007199254740993]]}]`)),
  )
  expect(says).toContain('an event nests too deep for its integers to be read')
  expect(performance.now() - startedMs).toBeLessThan(5000)
})
