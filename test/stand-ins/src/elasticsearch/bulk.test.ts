import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bulkItems, NDJSON, postBulk } from '../testing/bulk.ts'
import { closedAfterwards } from '../testing/cleanup.ts'
import { startElasticsearch } from './index.ts'

const closed = closedAfterwards()
const started = async () => closed(await startElasticsearch())
const BODY = '{"index":{"_index":"a"}}\n{}\n'

test.each([
  ['', 'parse_exception', 'request body is required'],
  [
    '{"index":{"_index":"a"}}\n{}',
    'illegal_argument_exception',
    String.raw`The bulk request must be terminated by a newline [\n]`,
  ],
  [
    '[]\n',
    'illegal_argument_exception',
    'Malformed action/metadata line [1], expected START_OBJECT but found [START_ARRAY]',
  ],
  [
    '"index"\n',
    'illegal_argument_exception',
    'Malformed action/metadata line [1], expected START_OBJECT but found [VALUE_STRING]',
  ],
  [
    '{}\n',
    'illegal_argument_exception',
    'Malformed action/metadata line [1], expected FIELD_NAME but found [END_OBJECT]',
  ],
  [
    `${BODY}{"put":{}}\n{}\n`,
    'illegal_argument_exception',
    'Malformed action/metadata line [3], expected field [create], [delete], [index] or [update] but found [put]',
  ],
  [
    '{"index":1}\n{}\n',
    'illegal_argument_exception',
    'Malformed action/metadata line [1], expected START_OBJECT or END_OBJECT but found [VALUE_NUMBER]',
  ],
  [
    '{"index":{"_index":"a"},"x":1}\n{}\n',
    'illegal_argument_exception',
    'Malformed action/metadata line [1], expected END_OBJECT but found [FIELD_NAME]',
  ],
  [
    '{"index":{"_index":"a"}} {}\n{}\n',
    'illegal_argument_exception',
    'Malformed action/metadata line [1], unexpected data after the closing brace',
  ],
  [
    '{"index":{"_type":"_doc"}}\n{}\n',
    'illegal_argument_exception',
    'Action/metadata line [1] contains an unknown parameter [_type]',
  ],
  [
    '{"index":{"_id":["a"]}}\n{}\n',
    'illegal_argument_exception',
    'Malformed action/metadata line [1], expected a simple value for field [_id] but found [START_ARRAY]',
  ],
  ['{"index":{}}\n{}\n', 'action_request_validation_exception', 'Validation Failed: 1: index is missing;'],
  [
    '{"delete":{"_index":"a"}}\n',
    'action_request_validation_exception',
    'Validation Failed: 1: an id is required for a delete operation;',
  ],
  [
    '{"index":{"_index":"a"}}\n',
    'action_request_validation_exception',
    'Validation Failed: 1: no requests added;',
  ],
  ['\n', 'action_request_validation_exception', 'Validation Failed: 1: no requests added;'],
])('the body %j is refused as a whole', async (body, type, reason) => {
  const store = await started()
  const reply = await postBulk(store, body)
  expect(reply.status).toBe(400)
  expect(reply.json()).toEqual({ error: { root_cause: [{ type, reason }], type, reason }, status: 400 })
  expect(store.documents()).toEqual([])
})

test('an action line that is not JSON refuses the request, and so does a field twice', async () => {
  const store = await started()
  for (const line of ['{"index":{"_index":"a"}', '{index:{}}', '{"index":{"_index":"a","_index":"b"}}']) {
    const reply = await postBulk(store, `${BODY}${line}\n{}\n`)
    expect([reply.status, reply.json()]).toMatchObject([
      400,
      { error: { type: 'x_content_parse_exception' } },
    ])
  }
  expect(store.documents()).toEqual([])
})

test('an id of 513 bytes refuses the request', async () => {
  const store = await started()
  const id = 'é'.repeat(256)
  expect((await bulkItems(store, { index: { _index: 'a', _id: id } }, {}))[0]?.status).toBe(201)
  const reply = await postBulk(store, `{"index":{"_index":"a","_id":"${id}x"}}\n{}\n`)
  expect([reply.status, reply.json()]).toMatchObject([
    400,
    {
      error: {
        reason: `Validation Failed: 1: id [${id}x] is too long, must be no longer than 512 bytes but was: 513;`,
      },
    },
  ])
})

test('an unknown query parameter is refused', async () => {
  const store = await started()
  const reply = await postBulk(store, BODY, NDJSON, '/_bulk?refersh=true')
  expect([reply.status, reply.json()]).toMatchObject([
    400,
    { error: { reason: 'request [/_bulk] contains unrecognized parameter: [refersh]' } },
  ])
})

test('items come out in order, each with its version, sequence number and status', async () => {
  const store = await started()
  const items = await bulkItems(
    store,
    { create: { _index: 'a', _id: '1' } },
    { n: 1 },
    { create: { _index: 'a', _id: '1' } },
    { n: 2 },
    { index: { _index: 'a', _id: '1' } },
    { n: 3 },
    { index: { _index: 'a' } },
    { n: 4 },
    { update: { _index: 'a', _id: '1' } },
    { doc: { m: 1 } },
    { update: { _index: 'a', _id: '1' } },
    { doc: { m: 1 } },
    { update: { _index: 'a', _id: 'missing' } },
    { doc: {} },
    { delete: { _index: 'a', _id: '1' } },
    { delete: { _index: 'a', _id: '1' } },
  )
  expect(items.map(({ status, result, _version }) => [status, result, _version])).toEqual([
    [201, 'created', 1],
    [409, undefined, undefined],
    [200, 'updated', 2],
    [201, 'created', 1],
    [200, 'updated', 3],
    [200, 'noop', 3],
    [404, undefined, undefined],
    [200, 'deleted', 4],
    [404, 'not_found', 1],
  ])
  expect(items[1]?.error).toMatchObject({
    type: 'version_conflict_engine_exception',
    reason: '[1]: version conflict, document already exists (current version [1])',
    shard: '0',
    index: 'a',
  })
  expect(items[6]?.error).toMatchObject({
    type: 'document_missing_exception',
    reason: '[missing]: document missing',
  })
  expect(items[3]).toMatchObject({ _id: expect.stringMatching(/^[\w-]{20}$/) })
})

test('sequence numbers guard an index operation', async () => {
  const store = await started()
  await bulkItems(store, { index: { _index: 'a', _id: '1' } }, {})
  const [stale, good] = await bulkItems(
    store,
    { index: { _index: 'a', _id: '1', if_seq_no: 7, if_primary_term: 1 } },
    {},
    { index: { _index: 'a', _id: '1', if_seq_no: 0, if_primary_term: 1 } },
    {},
  )
  expect([stale?.status, stale?.error?.type, good?.status]).toEqual([
    409,
    'version_conflict_engine_exception',
    200,
  ])
})

test('the index of the URL stands in for a missing one, and a numeric id is text', async () => {
  const store = await started()
  const reply = await postBulk(
    store,
    '{"index":{"_id":5}}\r\n{"a":1}\r\n\n{"index":{"_index":"b"}}\n{}\n',
    NDJSON,
    '/a/_bulk',
  )
  expect(reply.json()).toMatchObject({ errors: false })
  expect(store.documents('a')).toMatchObject([{ index: 'a', id: '5', source: { a: 1 } }])
  expect(store.documents('b')).toHaveLength(1)
})

test('gzip is unpacked, and a broken one is 400', async () => {
  const store = await started()
  const headers = { ...NDJSON, 'content-encoding': 'gzip' }
  expect((await postBulk(store, gzipSync(BODY), headers)).status).toBe(200)
  expect((await postBulk(store, BODY, headers)).status).toBe(400)
  expect(store.documents()).toHaveLength(1)
})

test('a body beyond the limit is 413 without a word, packed or not', async () => {
  const store = closed(await startElasticsearch({ maxContentLength: 1000 }))
  const body = `{"index":{"_index":"a"}}\n{"a":"${'x'.repeat(2000)}"}\n`
  for (const [sent, headers] of [
    [body, NDJSON],
    [gzipSync(body), { ...NDJSON, 'content-encoding': 'gzip' }],
  ] as const) {
    const reply = await postBulk(store, sent, headers)
    expect([reply.status, reply.text]).toEqual([413, ''])
  }
})

test('filter_path leaves what it names', async () => {
  const store = await started()
  const reply = await postBulk(
    store,
    `${BODY}{"index":{"_index":"A","_id":"1"}}\n{}\n`,
    NDJSON,
    '/_bulk?filter_path=errors,items.*.error.type',
  )
  expect(reply.json()).toEqual({
    errors: true,
    items: [{ index: { error: { type: 'invalid_index_name_exception' } } }],
  })
})

test('pipelines and aliases that do not exist fail their item', async () => {
  const store = await started()
  const items = await bulkItems(
    store,
    { index: { _index: 'a', pipeline: 'p' } },
    {},
    { index: { _index: 'a', require_alias: true } },
    {},
    { index: { _index: 'a', _id: '' } },
    {},
  )
  expect(items.map(({ status, error }) => [status, error?.reason])).toEqual([
    [400, 'pipeline with id [p] does not exist'],
    [404, 'no such index [a] and [require_alias] request flag is [true] and [a] is not an alias'],
    [400, 'if _id is specified it must not be empty'],
  ])
})

test.each([
  ['A', 'must be lowercase'],
  ['_a', "must not start with '_', '-', or '+'"],
  ['-a', "must not start with '_', '-', or '+'"],
  ['a b', String.raw`must not contain the following characters [' ','"','*',',','/','<','>','?','\','|']`],
  ['a/b', String.raw`must not contain the following characters [' ','"','*',',','/','<','>','?','\','|']`],
  ['a#b', "must not contain '#'"],
  ['a:b', "must not contain ':'"],
  ['..', "must not be '.' or '..'"],
  ['a'.repeat(256), 'index name is too long, (256 > 255)'],
])('an index may not be called %j', async (name, reason) => {
  const store = await started()
  const [item] = await bulkItems(store, { index: { _index: name } }, {})
  expect(item).toMatchObject({
    _index: name,
    _id: null,
    status: 400,
    error: {
      type: 'invalid_index_name_exception',
      reason: `Invalid index name [${name}], ${reason}`,
      index: name,
    },
  })
})
