import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

const list =
  '{"values":[1],"dstypes":["gauge"],"dsnames":["value"],"host":"h","plugin":"p","type":"t","time":1,"interval":5}'
const alert = '{"labels":{"alertname":"collectd_load"},"annotations":{},"startsAt":"2021-02-11T21:43:11Z"}'
const bare = '{"labels":{"check":"a-check","client":"c"},"annotations":{"ves":"{}"}}'

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

test('an empty array is no record and no error', () => {
  expect(decode('[]')).toMatchObject({ samples: [], events: [], rejected: [], skipped: [] })
})

test('value lists and notifications may share one array, in any order', () => {
  const { samples, events, rejected } = decode(`[${alert},${list},${alert},${list}]`)
  expect(samples.map(({ series }) => series.name)).toEqual(['collectd_p_t', 'collectd_p_t'])
  expect(events.map(({ index }) => index)).toEqual(['collectd_load', 'collectd_load'])
  expect(rejected).toEqual([])
})

test('white space does not change what an element is (B1)', () => {
  expect(decode(JSON.stringify(JSON.parse(`[${alert},${list}]`), null, 2))).toMatchObject({
    samples: [{ value: 1 }],
    events: [{ index: 'collectd_load' }],
    rejected: [],
  })
})

test('one wrong element is rejected with its position; the others go through', () => {
  const { samples, events, rejected } = decode(`[${list},{"hello":"world"},5,null,"x",[${list}],${alert}]`)
  expect(samples).toHaveLength(1)
  expect(events).toHaveLength(1)
  expect(rejected).toEqual(
    [1, 2, 3, 4, 5].map(
      (at) => `element ${at} is neither a value list (with values) nor a notification (with labels)`,
    ),
  )
})

test.each([
  ['', 'the body is empty'],
  ['{}', 'the body is not a JSON array'],
  ['{"values":[100]}', 'the body is not a JSON array'],
  [list, 'the body is not a JSON array'],
  [alert, 'the body is not a JSON array'],
  ['null', 'the body is not a JSON array'],
  ['"[]"', 'the body is not a JSON array'],
  ['12', 'the body is not a JSON array'],
  ['{"hello":"world"}', 'the body is not a JSON array'],
])('%j is refused as a whole: %s', (body, message) => {
  expect(refusal(body)).toMatchObject({ message, retryable: false })
})

test('a bare object is taken when it holds a VES event, as collectd-sensubility sends it', () => {
  expect(decode(bare)).toMatchObject({ events: [{ index: 'collectd_a_check' }], rejected: [] })
})

test('a body that is not JSON is refused with the place and the reason, without being quoted', () => {
  const secret = 'hunter2'
  const cut = `[${list},{"host":"${secret}","values":[1],"dstypes":["gau`
  const odd = `[${list},{"values":[NaN],"host":"${secret}","dstypes":["gauge"]}]`
  expect(refusal(cut).message).toMatch(
    /^the body is not JSON: Unterminated string in JSON at position \d+.*; collectd has to send with Format "JSON"$/,
  )
  expect(refusal(odd).message).toMatch(/^the body is not JSON: Unexpected token 'N', /)
  for (const body of [cut, odd]) {
    expect(refusal(body).message.length).toBeLessThan(200)
    expect(refusal(body).message).not.toContain(secret)
  }
  expect(
    refusal('PUTVAL compute-0/memory/memory-free interval=1.000 1795167248.136:19386212352'),
  ).toMatchObject({
    retryable: false,
    cause: { name: 'SyntaxError' },
  })
})

test('nothing is handed on of a message that is cut off', () => {
  const sink = testSink()
  expect(() => decodeMessage(Buffer.from(`[${list},${alert}`), testSeriesTable(), sink)).toThrow(/not JSON/)
  expect(sink).toMatchObject({ samples: [], events: [], rejected: [] })
})

test('a body with broken UTF-8 is still read', () => {
  const body = Buffer.from(list.replace('"h"', '"h?"'))
  body[body.indexOf('?')] = 0xff
  expect(decode(Buffer.concat([Buffer.from('['), body, Buffer.from(']')])).samples).toMatchObject([
    { series: { labels: { host: 'h\ufffd' } } },
  ])
})

const deep = (open: string, close: string, inside = '1') => open.repeat(1e6) + inside + close.repeat(1e6)
test.each([
  ['the message', deep('[', ']'), 0],
  ['the message, never closed', '['.repeat(1e6), 'throws'],
  ['an element', `[${deep('[', ']')},${list}]`, 1],
  ['a value', `[{"values":${deep('[', ']')}},${list}]`, 1],
  ['meta', `[${list.replace('{', `{"meta":${deep('{"a":', '}')},`)}]`, 1],
  ['a label', `[${alert.replace('{"alert', `{"deep":${deep('[', ']')},"alert`)},${list}]`, 1],
  ['an annotation', `[${alert.replace('{}', `{"deep":${deep('{"a":', '}')}}`)},${list}]`, 1],
  [
    'an annotation around a long number',
    `[${alert.replace('{}', deep('{"a":', '}', '12345678901234567890'))}]`,
    0,
  ],
])('a million levels of nesting in %s end in an ordinary way', (_where, body, outcome) => {
  if (outcome === 'throws') expect(refusal(body)).toMatchObject({ retryable: false })
  else expect(decode(body).samples).toHaveLength(outcome as number)
})
