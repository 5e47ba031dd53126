import { expect, test } from 'vitest'
import { judge } from './answer.ts'
import type { Verdict } from './answer.ts'
import type { Line } from './lines.ts'

const lines = (...indices: number[]): Line[] => indices.map((index) => ({ index, text: '', bytes: 0 }))
const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  body,
  headers,
  node: 'http://127.0.0.1:9200',
})
const item = (status: number, type?: string, reason?: string) => ({
  create: { status, ...(type && { error: { type, reason } }) },
})
const rejectedIn = (verdict: Verdict) => (verdict.kind === 'done' ? verdict.rejected : [])
const items = (...list: object[]) => answer(200, { errors: true, items: list })

test('stored items are not rejected; one whose document is there already counts as stored', () => {
  const verdict = judge(
    items(item(201), item(409, 'version_conflict_engine_exception', 'exists')),
    lines(0, 1),
  )
  expect(verdict).toEqual({ kind: 'done', rejected: [] })
})

test.for([
  [400, 'mapper_parsing_exception', false],
  [404, 'index_not_found_exception', false],
  [413, 'too_large', false],
  [403, 'security_exception', false],
  [403, 'cluster_block_exception', false],
  [409, 'other_conflict', true],
  [429, 'es_rejected_execution_exception', true],
  [500, 'x', true],
  [503, 'unavailable_shards_exception', true],
] as const)('an item with %i %s: retryable is %s', ([status, type, retryable]) => {
  const verdict = judge(items(item(201), item(status, type, 'why')), lines(3, 7))
  expect(verdict).toMatchObject({
    rejected: [
      {
        index: 7,
        error: { retryable, code: `HTTP_${status}`, message: expect.stringContaining(`${type}: why`) },
      },
    ],
  })
})

test('the reason names the cause, on one line of bearable length', () => {
  const error = {
    type: 'document_parsing_exception',
    reason: `[1:9] failed to parse\n${'x'.repeat(100)}`,
    caused_by: { type: 'illegal_argument_exception', reason: 'y'.repeat(5000) },
  }
  const verdict = judge(items({ create: { status: 400, error } }), lines(0))
  const { message } = rejectedIn(verdict)[0]!.error
  expect(message).toMatch(
    /answered 400 for a record: document_parsing_exception: \[1:9\] failed to parse x+; caused by illegal_argument_exception: y+…$/,
  )
  expect(message.length).toBeLessThan(600)
})

test('records that fail alike share one error, with the wait that the server asks for', () => {
  const full = item(429, 'es_rejected_execution_exception', 'full')
  const verdict = judge({ ...items(full, full), headers: { 'retry-after': '7' } }, lines(0, 1))
  const rejected = rejectedIn(verdict)
  expect(rejected[0]?.error).toMatchObject({ retryable: true, retryAfter: 7000 })
  expect(rejected[1]?.error).toBe(rejected[0]?.error)
})

test('413 and a 400 that Elasticsearch itself gives are about the records', () => {
  expect(judge(answer(413, '<html>'), lines(0))).toMatchObject({ kind: 'refused', tooLarge: true })
  const refused = answer(400, {
    error: { type: 'illegal_argument_exception', reason: 'Malformed' },
    status: 400,
  })
  expect(judge(refused, lines(0))).toMatchObject({
    kind: 'refused',
    tooLarge: false,
    error: { retryable: false, message: expect.stringContaining('illegal_argument_exception: Malformed') },
  })
})

test.for([
  ['no items', { took: 1 }, '200 without items'],
  ['an error instead', { error: { type: 'x', reason: 'boom' } }, 'but with x: boom'],
  ['a text', 'fine', '200 without items'],
  ['fewer items', { errors: false, items: [item(201)] }, '1 items for 2 records'],
  ['more items', { errors: false, items: [item(201), item(201), item(201)] }, '3 items for 2 records'],
  ['items of another kind', { items: [{ index: { status: 201 } }, item(201)] }, 'an item without a status'],
  ['null items', { items: [null, null] }, 'an item without a status'],
] as const)('200 with %s says nothing about the records', ([, body, message]) => {
  expect(() => judge(answer(200, body), lines(0, 1))).toThrow(
    expect.objectContaining({ retryable: true, message: expect.stringContaining(message) }),
  )
})

test.for([
  [201, {}, {}, 'answered 201'],
  [307, '', { location: 'https://user:pw@other:9200/x?token=1' }, 'It points to https://other:9200/x:'],
  [301, '', { location: '/login?next=1' }, 'It points to /login:'],
  [302, '', {}, 'another place'],
  [400, '<html>bad request</html>', {}, 'with an HTML page'],
  [
    401,
    { error: { type: 'security_exception', reason: 'no' } },
    {},
    '(security_exception: no). Check the user',
  ],
  [403, {}, {}, 'privileges'],
  [404, 'x', {}, 'This is not Elasticsearch'],
  [404, 'x', { 'x-elastic-product': 'Elasticsearch' }, 'Does the URL end'],
  [406, { error: 'Content-Type header [x] is not supported' }, {}, 'Content-Type header [x]'],
  [502, '<html>', {}, 'with an HTML page'],
] as const)('%i for the whole request is tried again', ([status, body, headers, message]) => {
  const judged = () => judge(answer(status, body, headers), lines(0))
  expect(judged).toThrow(
    expect.objectContaining({
      retryable: true,
      code: `HTTP_${status}`,
      message: expect.stringContaining(message),
    }),
  )
  expect(judged).toThrow(expect.not.objectContaining({ message: expect.stringContaining('pw') }))
})

test.for([
  ['3', 3000, 3000],
  ['99999999', 3_600_000, 3_600_000],
  [new Date(Date.now() + 60_000).toUTCString(), 50_000, 60_000],
] as const)('Retry-After %s is honoured', ([after, least, most]) => {
  try {
    judge(answer(503, {}, { 'retry-after': after }), lines(0))
    expect.unreachable()
  } catch (error) {
    const { retryAfter = 0 } = error as { retryAfter?: number }
    expect(retryAfter).toBeGreaterThanOrEqual(least)
    expect(retryAfter).toBeLessThanOrEqual(most)
  }
})
