import { expect, test } from 'vitest'
import { bulkItems, indexAll } from '../testing/bulk.ts'
import { closedAfterwards } from '../testing/cleanup.ts'
import { request } from '../testing/request.ts'
import { startElasticsearch } from './index.ts'
import type { Elasticsearch } from './index.ts'

const closed = closedAfterwards()
const started = async () => closed(await startElasticsearch())
const put = (store: Elasticsearch, name: string, body: unknown) =>
  request(`${store.url}/_index_template/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

test('a template is kept, given back and deleted', async () => {
  const store = await started()
  const reply = await put(store, 't', { index_patterns: ['a-*'], priority: 5, _meta: { by: 'test' } })
  expect([reply.status, reply.json()]).toEqual([200, { acknowledged: true }])
  expect(store.templates.get('t')?.index_patterns).toEqual(['a-*'])
  const shown = await request(`${store.url}/_index_template/t`)
  expect(shown.json()).toMatchObject({
    index_templates: [
      { name: 't', index_template: { index_patterns: ['a-*'], priority: 5, _meta: { by: 'test' } } },
    ],
  })
  expect((await request(`${store.url}/_index_template/t`, { method: 'DELETE' })).status).toBe(200)
  expect((await request(`${store.url}/_index_template/t`)).status).toBe(404)
})

test.each([
  [{}, 'Required [index_patterns]'],
  [{ index_patterns: [] }, 'index patterns are missing'],
  [{ index_patterns: ['a'], prio: 1 }, '[index_template] unknown field [prio]'],
  [{ index_patterns: ['a'], priority: -1 }, 'index template priority must be >= 0'],
  [{ index_patterns: ['a'], template: { mapping: {} } }, '[template] unknown field [mapping]'],
  [{ index_patterns: ['a'], data_stream: { name: 'x' } }, '[data_stream_template] unknown field [name]'],
  [{ index_patterns: ['a'], composed_of: ['c'] }, 'specifies component templates [c] that do not exist'],
  [
    { index_patterns: ['a'], template: { mappings: { properties: { f: { type: 'strng' } } } } },
    'No handler for type [strng] declared on field [f]',
  ],
  [
    {
      index_patterns: ['a'],
      template: { mappings: { properties: { f: { type: 'keyword', ignoreAbove: 1 } } } },
    },
    'unknown parameter [ignoreAbove] on mapper [f] of type [keyword]',
  ],
  [
    { index_patterns: ['a'], template: { mappings: { propertys: {} } } },
    'Root mapping definition has unsupported parameters',
  ],
  [{ index_patterns: ['logs-*'], priority: 100 }, 'that have the same priority [100]'],
])('the template %j is refused', async (body, reason) => {
  const store = await started()
  const reply = await put(store, 't', body)
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(reason)])
  expect(store.templates.has('t')).toBe(false)
})

test('the mapping of the template of the highest priority is used', async () => {
  const store = await started()
  await put(store, 'low', {
    index_patterns: ['a*'],
    template: { mappings: { properties: { f: { type: 'long' } } } },
  })
  await put(store, 'high', {
    index_patterns: ['a-*'],
    priority: 1,
    template: { mappings: { properties: { f: { type: 'keyword' } } } },
  })
  const [high] = await indexAll(store, 'a-1', { f: 'x' })
  const [low] = await indexAll(store, 'a1', { f: 'x' })
  expect([high?.status, low?.status]).toEqual([201, 400])
})

test.each([
  [{ type: 'keyword' }, 'x'.repeat(32_766), 'x'.repeat(32_767), 'immense term in field="f"'],
  [{ type: 'integer' }, 2_147_483_647, 2_147_483_648, 'out of range for an integer'],
  [{ type: 'unsigned_long' }, 1, -1, 'out of range for an unsigned_long'],
  [{ type: 'double' }, 1e300, 'x', 'For input string: "x"'],
  [{ type: 'ip' }, '::1', 'localhost', "'localhost' is not an IP string literal."],
  [
    { type: 'date', format: 'epoch_second' },
    1_600_000_000,
    '2020-01-01',
    'failed to parse date field [2020-01-01] with format [epoch_second]',
  ],
  [{ type: 'date' }, '2024-02-29', '2023-02-29', 'failed to parse date field'],
  [
    { type: 'flattened' },
    { a: { b: 'x' } },
    'x',
    'expecting token of type [START_OBJECT] but found [VALUE_STRING]',
  ],
  [
    { type: 'flattened', depth_limit: 2 },
    { a: { b: 1 } },
    { a: { b: { c: { d: 1 } } } },
    'exceeds the maximum depth limit of [2]',
  ],
  [{ type: 'flattened' }, { a: 'x'.repeat(1000) }, { a: 'x'.repeat(33_000) }, 'contains one immense field'],
  [
    { type: 'constant_keyword' },
    'x',
    'y',
    'only accepts values that are equal to the value defined in the mappings [x], but got [y]',
  ],
  [{ type: 'long', coerce: false }, 1, 1.5, 'has a decimal part'],
])('a field %j takes one value and refuses another', async (definition, good, bad, reason) => {
  const store = await started()
  await put(store, 't', { index_patterns: ['a'], template: { mappings: { properties: { f: definition } } } })
  const items = await indexAll(store, 'a', { f: good }, { f: bad })
  expect(items.map(({ status }) => status)).toEqual([201, 400])
  expect(JSON.stringify(items[1]?.error).replaceAll(String.raw`\"`, '"')).toContain(reason)
})

test('keyword values beyond ignore_above are let through', async () => {
  const store = await started()
  await put(store, 't', {
    index_patterns: ['a'],
    template: { mappings: { properties: { f: { type: 'keyword', ignore_above: 10 } } } },
  })
  expect((await indexAll(store, 'a', { f: 'x'.repeat(40_000) }))[0]?.status).toBe(201)
})

test('dynamic strict refuses what is not mapped, false passes over it, ignore_malformed lets it through', async () => {
  const store = await started()
  const template = (index: string, template: unknown) =>
    put(store, index, { index_patterns: [index], template })
  await template('strict', { mappings: { dynamic: 'strict', properties: { f: { type: 'long' } } } })
  await template('false', { mappings: { dynamic: false } })
  await template('lenient', { settings: { 'index.mapping.ignore_malformed': true } })
  const [strict] = await indexAll(store, 'strict', { g: 1 })
  expect(strict?.error).toEqual({
    type: 'strict_dynamic_mapping_exception',
    reason: '[1:6] mapping set to strict, dynamic introduction of [g] within [_doc] is not allowed',
  })
  expect(
    (await indexAll(store, 'false', { g: 1 }, { g: 'x' }, { g: {} })).map(({ status }) => status),
  ).toEqual([201, 201, 201])
  expect(
    (await indexAll(store, 'lenient', { g: 1 }, { g: 'x' }, { g: {} })).map(({ status }) => status),
  ).toEqual([201, 201, 400])
})

test('dynamic templates make the fields they match', async () => {
  const store = await started()
  await put(store, 't', {
    index_patterns: ['a'],
    template: {
      mappings: {
        dynamic_templates: [
          { sizes: { path_match: 'labels.*', match_mapping_type: 'long', mapping: { type: 'keyword' } } },
          { flat: { match: 'extra', match_mapping_type: 'object', mapping: { type: 'flattened' } } },
        ],
      },
    },
  })
  const items = await indexAll(
    store,
    'a',
    { labels: { n: 1 }, extra: { a: 1 } },
    { labels: { n: 'x' }, extra: { a: { b: 2 } } },
  )
  expect(items.map(({ status }) => status)).toEqual([201, 201])
})

test('logs-*-* and metrics-*-* are data streams: create only, and only with a timestamp', async () => {
  const store = await started()
  for (const name of ['logs-app-default', 'metrics-app-default']) {
    const items = await bulkItems(
      store,
      { create: { _index: name } },
      { '@timestamp': '2026-11-20T00:00:00Z', message: 'm' },
      { index: { _index: name } },
      { '@timestamp': '2026-11-20T00:00:00Z' },
      { create: { _index: name } },
      { message: 'm' },
      { create: { _index: name } },
      { '@timestamp': ['2026-11-20', '2026-11-21'] },
      { create: { _index: name } },
      { '@timestamp': 'yesterday' },
    )
    expect(items.map(({ status }) => status)).toEqual([201, 400, 400, 400, 400])
    expect(items[0]).toMatchObject({
      _index: expect.stringMatching(`^\\.ds-${name}-\\d{4}\\.\\d\\d\\.\\d\\d-000001$`),
    })
    expect(items[1]).toMatchObject({
      _index: name,
      _id: null,
      error: {
        type: 'illegal_argument_exception',
        reason: 'only write ops with an op_type of create are allowed in data streams',
      },
    })
    expect(items[2]?.error?.caused_by?.reason).toBe('data stream timestamp field [@timestamp] is missing')
    expect(items[3]?.error?.caused_by?.reason).toBe(
      'data stream timestamp field [@timestamp] encountered multiple values',
    )
    expect(store.documents(name)).toHaveLength(1)
  }
})
