import { expect, test } from 'vitest'
import { postBulk } from '../testing/bulk.ts'
import { closedAfterwards } from '../testing/cleanup.ts'
import { request } from '../testing/request.ts'
import { startElasticsearch } from './index.ts'

const closed = closedAfterwards()
const BODY = '{"index":{"_index":"a"}}\n{}\n'
const versioned = (version: number) => `application/vnd.elasticsearch+x-ndjson; compatible-with=${version}`

test.each([
  { 'content-type': 'application/json' },
  { 'content-type': 'application/json; charset=utf-8' },
  { 'content-type': 'application/x-ndjson' },
  { 'content-type': versioned(8), accept: 'application/vnd.elasticsearch+json; compatible-with=8' },
  { 'content-type': versioned(7), accept: 'application/vnd.elasticsearch+json;compatible-with=7' },
])('8.x takes a bulk body as %j', async (headers) => {
  const store = closed(await startElasticsearch({ version: '8.19.0' }))
  const reply = await postBulk(store, BODY, headers as Record<string, string>)
  expect(reply.status).toBe(200)
  expect(reply.headers.get('content-type')).toBe(
    'accept' in headers && headers.accept ? headers.accept.replace('; ', ';') : 'application/json',
  )
})

test.each([
  ['text/plain', 'Content-Type header [text/plain] is not supported'],
  [
    'application/x-www-form-urlencoded',
    'Content-Type header [application/x-www-form-urlencoded] is not supported',
  ],
  ['application/jsonn', 'Content-Type header [application/jsonn] is not supported'],
])('a body of type %s is 406', async (type, error) => {
  const store = closed(await startElasticsearch())
  const reply = await postBulk(store, BODY, { 'content-type': type })
  expect([reply.status, reply.json()]).toEqual([406, { error, status: 406 }])
  expect(reply.headers.get('x-elastic-product')).toBe('Elasticsearch')
})

test('a body without a type is 406', async () => {
  const store = closed(await startElasticsearch())
  const reply = await request(`${store.url}/_bulk`, { method: 'POST', body: new TextEncoder().encode(BODY) })
  expect([reply.status, reply.json()]).toEqual([
    406,
    { error: 'Content-Type header is missing', status: 406 },
  ])
})

test.each([
  [
    { 'content-type': versioned(9), accept: 'application/vnd.elasticsearch+json; compatible-with=9' },
    'Accept version must be either version 8 or 7, but found 9. Accept=application/vnd.elasticsearch+json; compatible-with=9',
  ],
  [
    { 'content-type': versioned(6), accept: '*/*' },
    `Content-Type version must be either version 8 or 7, but found 6. Content-Type=${versioned(6)}`,
  ],
  [
    { 'content-type': versioned(8), accept: 'application/vnd.elasticsearch+json; compatible-with=7' },
    `A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version and the compatible versions must match. Accept=application/vnd.elasticsearch+json; compatible-with=7, Content-Type=${versioned(8)}`,
  ],
  [
    { 'content-type': versioned(8), accept: 'application/json' },
    `A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version. Accept=application/json, Content-Type=${versioned(8)}`,
  ],
])('8.x refuses the versions of %j', async (headers, reason) => {
  const store = closed(await startElasticsearch({ version: '8.19.0' }))
  const reply = await postBulk(store, BODY, headers)
  expect(reply.status).toBe(400)
  expect(reply.json()).toMatchObject({
    error: {
      type: 'media_type_header_exception',
      reason: 'Invalid media-type value on headers [Accept, Content-Type]',
      caused_by: { type: 'status_exception', reason },
    },
    status: 400,
  })
})

test('9.x takes clients of 8 and refuses clients of 7; 7.x takes its own', async () => {
  const nine = closed(await startElasticsearch({ version: '9.2.0' }))
  const seven = closed(await startElasticsearch({ version: '7.17.28' }))
  const headers = (version: number) => ({
    'content-type': versioned(version),
    accept: `application/vnd.elasticsearch+json; compatible-with=${version}`,
  })
  expect((await postBulk(nine, BODY, headers(8))).status).toBe(200)
  expect((await postBulk(nine, BODY, headers(7))).status).toBe(400)
  expect((await postBulk(seven, BODY, headers(7))).status).toBe(200)
  expect((await postBulk(seven, BODY, headers(8))).status).toBe(406)
})

test.each(['bogus', 'application/json; charset', 'a/b/c'])(
  'a Content-Type %s cannot be read',
  async (type) => {
    const store = closed(await startElasticsearch())
    const reply = await postBulk(store, BODY, { 'content-type': type })
    expect([reply.status, reply.json()]).toMatchObject([
      400,
      { error: { type: 'media_type_header_exception' } },
    ])
  },
)
