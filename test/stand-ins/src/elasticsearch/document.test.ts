import { expect, test } from 'vitest'
import { bulkItems, indexAll, NDJSON, postBulk } from '../testing/bulk.ts'
import type { Item } from '../testing/bulk.ts'
import { closedAfterwards } from '../testing/cleanup.ts'
import { request } from '../testing/request.ts'
import { startElasticsearch } from './index.ts'

const closed = closedAfterwards()
const started = async (version: '7.17.28' | '8.19.0' = '8.19.0') =>
  closed(await startElasticsearch({ version }))
const outcome = ({ status, error }: Item) => (error ? [status, error.type, error.reason] : [status])

test('the first value decides the type of a field, and a value that does not fit is refused', async () => {
  const store = await started()
  const items = await indexAll(
    store,
    'a',
    { labels: { size: 1 } },
    { labels: { size: 'abc' } },
    { labels: { size: '12' } },
  )
  expect(items.map(outcome)).toEqual([
    [201],
    [
      400,
      'document_parsing_exception',
      "[1:19] failed to parse field [labels.size] of type [long] in document with id '1'. Preview of field's value: 'abc'",
    ],
    [201],
  ])
  expect(items[1]?.error?.caused_by).toEqual({
    type: 'illegal_argument_exception',
    reason: 'For input string: "abc"',
  })
})

test('7.x words the same as mapper_parsing_exception', async () => {
  const store = await started('7.17.28')
  const items = await indexAll(store, 'a', { n: 1 }, { n: 'abc' }, { n: { b: 1 } })
  expect(items.slice(1).map(outcome)).toEqual([
    [
      400,
      'mapper_parsing_exception',
      "failed to parse field [n] of type [long] in document with id '1'. Preview of field's value: 'abc'",
    ],
    [
      400,
      'mapper_parsing_exception',
      "failed to parse field [n] of type [long] in document with id '2'. Preview of field's value: '{b=1}'",
    ],
  ])
})

test.each([
  ['a number, then an object', { f: 1 }, { f: { b: 1 } }, 'failed to parse field [f] of type [long]'],
  [
    'an object, then a number',
    { f: { b: 1 } },
    { f: 1 },
    'object mapping for [f] tried to parse field [f] as object, but found a concrete value',
  ],
  [
    'nested likewise',
    { x: { f: { b: 1 } } },
    { x: { f: 'v' } },
    'object mapping for [x.f] tried to parse field [f] as object, but found a concrete value',
  ],
  ['text, then an object', { f: 'v' }, { f: { b: 1 } }, 'failed to parse field [f] of type [text]'],
  [
    'a date, then text',
    { f: '2020-10-05T14:26:09Z' },
    { f: 'soon' },
    'failed to parse field [f] of type [date]',
  ],
  [
    'a slashed date, then text',
    { f: '2020/10/05' },
    { f: 'soon' },
    'failed to parse field [f] of type [date]',
  ],
  ['a boolean, then a number', { f: true }, { f: 1 }, 'failed to parse field [f] of type [boolean]'],
  ['a number, then a boolean', { f: 1 }, { f: true }, 'failed to parse field [f] of type [long]'],
  [
    'a decimal, then one beyond a float',
    { f: 0.5 },
    { f: 1e39 },
    'failed to parse field [f] of type [float]',
  ],
  ['an array of two kinds', {}, { f: [1, 'a'] }, 'failed to parse field [f] of type [long]'],
  ['a dotted name below a number', { f: 1 }, { 'f.b': 1 }, 'failed to parse field [f] of type [long]'],
])('%s do not go together', async (_what, first, second, reason) => {
  const store = await started()
  const [good, bad] = await indexAll(store, 'a', first, second)
  expect([good?.status, bad?.status]).toEqual([201, 400])
  expect(bad?.error?.reason).toContain(reason)
  expect(store.documents()).toHaveLength(1)
})

test.each([
  ['text takes numbers and booleans', { f: 'v' }, { f: 1 }, { f: true }],
  ['long takes decimals and numbers in text', { f: 1 }, { f: 1.9 }, { f: '7' }, { f: null }, { f: [] }],
  ['boolean takes its words', { f: true }, { f: 'false' }, { f: '' }],
  [
    'date takes milliseconds and shorter forms',
    { f: '2020-10-05' },
    { f: 1_600_000_000_000 },
    { f: '2020-10-05T14' },
    { f: '2020-10-05T14:26:09.123456789+02:00' },
  ],
  ['a number in text is text', { f: '1' }, { f: 'one' }],
  ['a dotted name is an object', { 'a.b': 1 }, { a: { b: 2 } }, { a: [{ b: 3 }, { b: 4 }] }],
])('%s', async (_what, ...documents) => {
  const store = await started()
  expect((await indexAll(store, 'a', ...documents)).map(outcome)).toEqual(documents.map(() => [201]))
})

test('an integer beyond 64 bits is refused, mapped or not; one within keeps every digit', async () => {
  const store = await started()
  const items = await indexAll(
    store,
    'a',
    '{"n":9223372036854775807}',
    '{"n":9223372036854775808}',
    '{"m":18446744073709551615}',
  )
  expect(items.map(({ status }) => status)).toEqual([201, 400, 400])
  expect(items[1]?.error?.caused_by?.reason).toContain('out of range of long')
  expect(items[2]?.error?.reason).toContain('No matching token for number_type [BIG_INTEGER]')
  expect(store.documents()[0]?.source).toEqual({ n: 9_223_372_036_854_775_807n })
  const shown = await request(`${store.url}/a/_doc/0`)
  expect(shown.text).toContain('"n":9223372036854775807')
})

test('a document must be one JSON object, in UTF-8, without a field twice', async () => {
  const store = await started()
  const items = await indexAll(
    store,
    'a',
    '',
    '[1]',
    '"x"',
    '{} {}',
    '{"a":1,"a":2}',
    '{"a":01}',
    "{'a':1}",
    '{"a":"\t"}',
    '{"a":{"b":1,"b":2}}',
    '{"a":NaN}',
  )
  expect(items.map(({ status }) => status)).toEqual(items.map(() => 400))
  expect(items.map(({ error }) => error?.type)).toEqual(items.map(() => 'document_parsing_exception'))
  expect(items[4]?.error?.reason).toBe("[1:8] failed to parse: [1:8] Duplicate field 'a'")
  const bad = Buffer.concat([
    Buffer.from('{"index":{"_index":"a"}}\n{"a":"'),
    Buffer.from([0xe9]),
    Buffer.from('"}\n'),
  ])
  expect((await postBulk(store, bad, NDJSON)).json()).toMatchObject({ errors: true })
  expect(store.documents()).toEqual([])
})

test.each([
  [{ '': 1 }, 'field name cannot be an empty string'],
  [{ ' ': 1 }, 'Field name cannot contain only whitespace'],
  [{ '.': 1 }, 'field name cannot contain only dots'],
  [{ 'a..b': 1 }, "field name cannot contain only whitespace: ['a..b']"],
  [{ '.a': 1 }, "field name cannot contain only whitespace: ['.a']"],
  [{ 'a. .b': 1 }, 'field name starting or ending with a [.] makes object resolution ambiguous: [a. .b]'],
  [
    { _id: 1 },
    'Field [_id] is a metadata field and cannot be added inside a document. Use the index API request parameters.',
  ],
])('the field name of %j is refused', async (document, reason) => {
  const store = await started()
  const [item] = await indexAll(store, 'a', document)
  expect([item?.status, item?.error?.reason]).toEqual([400, expect.stringContaining(reason)])
})

test('the thousand-and-first field is refused, and a refused document leaves no field behind', async () => {
  const store = await started()
  const numbers = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${from + n}`, n]))
  const items = await indexAll(
    store,
    'a',
    numbers(0, 998),
    { t: 'text and keyword', u: 1 },
    { ...numbers(2000, 2), n: 'x' },
    numbers(1000, 2),
    { f0: 5 },
  )
  expect(items.map(({ status }) => status)).toEqual([201, 400, 400, 201, 201])
  expect(items[1]?.error?.reason).toContain(
    'Limit of total fields [1000] has been exceeded while adding new fields [3]',
  )
})

test('objects may be nested twenty deep', async () => {
  const store = await started()
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
  const [good, bad] = await bulkItems(
    store,
    { index: { _index: 'a' } },
    nested(20),
    { index: { _index: 'b' } },
    nested(21),
  )
  expect([good?.status, bad?.status, bad?.error?.type]).toEqual([201, 400, 'illegal_argument_exception'])
  expect(bad?.error?.reason).toContain('Limit of mapping depth [20] has been exceeded')
})
