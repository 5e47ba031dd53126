import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bulkItems, postBulk } from '../testing/bulk.ts'
import { closedAfterwards } from '../testing/cleanup.ts'
import { request } from '../testing/request.ts'
import { startElasticsearch } from './index.ts'

const closed = closedAfterwards()
const BODY = '{"index":{"_index":"a"}}\n{}\n'

test('the root tells version and product, on every answer', async () => {
  const store = closed(await startElasticsearch({ version: '9.2.0' }))
  const root = await request(store.url)
  expect(root.json()).toMatchObject({ version: { number: '9.2.0' }, tagline: 'You Know, for Search' })
  for (const [path, method, status] of [
    ['/', 'HEAD', 200],
    ['/_nonsense', 'GET', 400],
    ['/_bulk', 'GET', 405],
    ['/missing/_search', 'GET', 404],
  ] as const) {
    const reply = await request(store.url + path, { method })
    expect([reply.status, reply.headers.get('x-elastic-product')]).toEqual([status, 'Elasticsearch'])
  }
})

test('answers are packed for a client that asks for it', async () => {
  const store = closed(await startElasticsearch())
  const reply = await request(store.url, { headers: { 'accept-encoding': 'gzip' } })
  expect([reply.headers.get('content-encoding'), reply.json()]).toMatchObject([
    'gzip',
    { tagline: expect.any(String) },
  ])
})

test('what was written can be counted, searched and read', async () => {
  const store = closed(await startElasticsearch())
  await bulkItems(
    store,
    ...['1', '2', '3'].flatMap((id) => [{ index: { _index: 'a', _id: id } }, { host: { name: id } }]),
  )
  const post = (path: string, body: unknown) =>
    request(store.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await request(`${store.url}/a/_refresh`, { method: 'POST' })).status).toBe(200)
  expect((await request(`${store.url}/a/_count`)).json()).toMatchObject({ count: 3 })
  const found = await post('/a*/_search', { query: { term: { 'host.name': '2' } }, size: 1 })
  expect(found.json()).toMatchObject({
    hits: { total: { value: 1, relation: 'eq' }, hits: [{ _id: '2', _source: { host: { name: '2' } } }] },
  })
  expect((await request(`${store.url}/a/_doc/3`)).json()).toMatchObject({
    found: true,
    _version: 1,
    _seq_no: 2,
  })
  expect((await request(`${store.url}/a/_doc/4`)).status).toBe(404)
  expect((await post('/a/_search', { query: { fuzzy: {} } })).json()).toMatchObject({
    error: { type: 'parsing_exception', reason: 'unknown query [fuzzy]' },
  })
  expect((await request(`${store.url}/_cluster/health`)).json()).toMatchObject({
    status: 'yellow',
    timed_out: false,
  })
  expect((await request(`${store.url}/a`, { method: 'DELETE' })).status).toBe(200)
  expect(store.documents()).toEqual([])
})

test('an index is made once', async () => {
  const store = closed(await startElasticsearch())
  const put = () => request(`${store.url}/a`, { method: 'PUT' })
  expect((await put()).json()).toEqual({ acknowledged: true, shards_acknowledged: true, index: 'a' })
  expect((await put()).json()).toMatchObject({
    error: { type: 'resource_already_exists_exception' },
    status: 400,
  })
})

test('basic credentials are needed when told', async () => {
  const store = closed(await startElasticsearch({ auth: { basic: { user: 'u', password: 'p:w' } } }))
  const authorization = (text: string) => ({
    'content-type': 'application/x-ndjson',
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  })
  const missing = await postBulk(store, BODY)
  expect(missing.status).toBe(401)
  expect(missing.headers.get('www-authenticate')).toContain('Basic realm="security"')
  expect(missing.json()).toMatchObject({
    error: {
      type: 'security_exception',
      reason: 'missing authentication credentials for REST request [/_bulk]',
      header: { 'WWW-Authenticate': expect.arrayContaining(['ApiKey']) },
    },
    status: 401,
  })
  const wrong = await postBulk(store, BODY, authorization('u:x'))
  expect([wrong.status, wrong.text]).toEqual([
    401,
    expect.stringContaining('unable to authenticate user [u] for REST request [/_bulk]'),
  ])
  expect((await postBulk(store, BODY, authorization('u:p:w'))).status).toBe(200)
})

test('an API key is needed when told', async () => {
  const store = closed(await startElasticsearch({ auth: { apiKeys: ['a2V5'] } }))
  const headers = (key: string) => ({
    'content-type': 'application/x-ndjson',
    authorization: `ApiKey ${key}`,
  })
  expect((await postBulk(store, BODY, headers('b3RoZXI='))).status).toBe(401)
  expect((await postBulk(store, BODY, headers('a2V5'))).status).toBe(200)
})

test.skipIf(spawnSync('openssl', ['version']).status !== 0)(
  'TLS asks for a certificate when it has an authority',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stand-ins-'))
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    execFileSync(
      'openssl',
      [
        ...`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost
          -addext subjectAltName=IP:127.0.0.1`.split(/\s+/),
        '-keyout',
        keyFile,
        '-out',
        certFile,
      ],
      { stdio: 'ignore' },
    )
    const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)]
    rmSync(folder, { recursive: true })
    const get = (url: string, options: object) =>
      new Promise((resolve, reject) => {
        httpsRequest(url, { ca: cert, agent: false, ...options }, (response) =>
          resolve(response.resume().statusCode),
        )
          .on('error', reject)
          .end()
      })
    const open = closed(await startElasticsearch({ tls: { cert, key } }))
    expect(open.url).toMatch(/^https:/)
    expect(await get(open.url, {})).toBe(200)
    const mutual = closed(await startElasticsearch({ tls: { cert, key, ca: cert } }))
    await expect(get(mutual.url, {})).rejects.toThrow()
    expect(await get(mutual.url, { cert, key })).toBe(200)
  },
)
