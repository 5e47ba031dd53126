import { deflateRawSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { closedAfterwards } from '../testing/cleanup.ts'
import { encode, JSON_TYPE, ns, PROTOBUF_TYPE, push, pushOne, snappy } from '../testing/push.ts'
import { request } from '../testing/request.ts'
import { startLoki } from './index.ts'
import type { LokiOptions } from './index.ts'

const closed = closedAfterwards()
const started = async (options?: LokiOptions) => closed(await startLoki(options))
const one = (values: readonly unknown[], stream: unknown = { a: 'b' }) =>
  JSON.stringify({ streams: [{ stream, values }] })

test('a push is stored and answered with 204', async () => {
  const loki = await started()
  const [first, second] = [ns(), ns(1)]
  const reply = await pushOne(loki, { app: 'x', empty: '' }, [first, 'one'], [second, 'two', { trace: '1' }])
  expect([reply.status, reply.text]).toEqual([204, ''])
  expect(loki.streams()).toEqual([
    {
      tenant: 'fake',
      labels: { app: 'x' },
      entries: [
        { timestampNs: BigInt(first), line: 'one', metadata: {} },
        { timestampNs: BigInt(second), line: 'two', metadata: { trace: '1' } },
      ],
    },
  ])
})

test('the same body may be packed', async () => {
  const loki = await started()
  for (const [encoding, body] of [
    ['gzip', gzipSync(one([[ns(), 'gzip']]))],
    ['deflate', deflateRawSync(one([[ns(), 'deflate']]))],
  ] as const)
    expect(
      (
        await push(loki, body, {
          'content-type': 'application/json; charset=utf-8',
          'content-encoding': encoding,
        })
      ).status,
    ).toBe(204)
  expect(loki.entries.map(({ line }) => line)).toEqual(['gzip', 'deflate'])
})

test.each([
  ['zstd', 'Content-Encoding "zstd" not supported\n'],
  ['gzip', 'gzip: invalid header\n'],
  ['snappy', /^loghttp/],
])('a body that is not %s as it says is refused', async (encoding, text) => {
  const loki = await started()
  const reply = await push(loki, 'no', { ...JSON_TYPE, 'content-encoding': encoding })
  expect([reply.status, reply.text]).toEqual([
    400,
    typeof text === 'string' ? text : expect.stringMatching(text),
  ])
})

test.each([
  ['text/plain', 'snappy: corrupt input\n'],
  ['application/jsonn', 'snappy: corrupt input\n'],
  ['application/json; charsetutf-8', 'mime: invalid media parameter\n'],
  ['application/', 'mime: expected token after slash\n'],
])('JSON under the type %s is refused', async (type, text) => {
  const loki = await started()
  const reply = await push(loki, one([[ns(), 'x']]), { 'content-type': type })
  expect([reply.status, reply.text]).toEqual([400, text])
  expect(reply.headers.get('content-type')).toBe('text/plain; charset=utf-8')
})

test('a push without a type is refused', async () => {
  const loki = await started()
  const reply = await push(loki, Buffer.from(one([[ns(), 'x']])), {})
  expect([reply.status, reply.text]).toEqual([400, 'mime: no media type\n'])
})

test.each([
  ['', 'EOF'],
  ['[]', 'readObjectStart'],
  ['{"streams":[', 'Unexpected end-of-input'],
  ['{"streams":{}}', 'decode slice'],
  ['{"streams":["x"]}', "can't find closing '}' symbol"],
  [one(['x']), "can't find closing ']' symbol"],
  [one([[1_700_000_000_000_000_000, 'x']]), `can't find closing '"' symbol`],
  [one([['1.5', 'x']]), 'Value looks like Number'],
  [one([['2026-11-20T00:00:00Z', 'x']]), 'Value looks like Number'],
  [one([['99999999999999999999', 'x']]), 'Value looks like Number'],
  [one([['1', { a: 1 }]]), `can't find closing '"' symbol`],
  [one([['1']]), `can't find closing '"' symbol`],
  [one([['1', 'x', 'y']]), "can't find closing '}' symbol"],
  [one([['1', 'x', { a: 1 }]]), `can't find closing '"' symbol`],
  [one([['1', 'x', {}, {}]]), 'Unknown value type'],
  [one([['1', 'x']], { a: 1 }), `can't find closing '"' symbol`],
])('the JSON %j is refused', async (body, text) => {
  const loki = await started()
  const reply = await push(loki, body)
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(text)])
  expect(loki.streams()).toEqual([])
})

test('a label set that cannot be read refuses the whole push', async () => {
  const loki = await started()
  const reply = await push(loki, {
    streams: [
      { stream: { good: '1' }, values: [[ns(), 'x']] },
      { stream: { 'bad-label': '1' }, values: [[ns(), 'x']] },
    ],
  })
  expect([reply.status, reply.text]).toEqual([
    400,
    "couldn't parse labels: 1:5: parse error: unexpected character inside braces: '-'\n",
  ])
  expect(loki.streams()).toEqual([])
})

test('an empty push is 422 in 3.x and 204 in 2.8', async () => {
  const [three, two] = [await started(), await started({ version: '2.8' })]
  const reply = await push(three, { streams: [] })
  expect([reply.status, reply.text]).toEqual([
    422,
    'error at least one valid stream is required for ingestion\n',
  ])
  expect((await push(two, { streams: [] })).status).toBe(204)
  expect((await pushOne(three, { a: 'b' })).status).toBe(204)
})

const seconds = Math.floor(Date.now() / 1000)
const protobufPush = (entry: object = {}) =>
  encode({
    streams: [{ labels: '{a="b",}', entries: [{ timestamp: { seconds, nanos: 7 }, line: 'x', ...entry }] }],
  })

test('protobuf in snappy is taken, with or without saying so, and inside gzip', async () => {
  const loki = await started()
  const lines = ['plain', 'said', 'packed']
  const [plain, said, packed] = lines.map((line) =>
    snappy(protobufPush({ line, structuredMetadata: [{ name: 'trace.id', value: line }] })),
  )
  expect((await push(loki, plain, PROTOBUF_TYPE)).status).toBe(204)
  expect((await push(loki, said, { ...PROTOBUF_TYPE, 'content-encoding': 'snappy' })).status).toBe(204)
  expect(
    (await push(loki, gzipSync(packed ?? ''), { ...PROTOBUF_TYPE, 'content-encoding': 'gzip' })).status,
  ).toBe(204)
  expect(loki.entries).toMatchObject(
    lines.map((line) => ({
      labels: { a: 'b' },
      line,
      timestampNs: BigInt(seconds) * 1_000_000_000n + 7n,
      metadata: { trace_id: line },
    })),
  )
})

test.each([
  ['protobuf without snappy', protobufPush(), 'snappy: corrupt input'],
  ['nothing', Buffer.alloc(0), 'snappy: corrupt input'],
  ['snappy cut short', snappy(protobufPush()).subarray(0, -2), 'snappy: corrupt input'],
  [
    'snappy with more behind it',
    Buffer.concat([snappy(protobufPush()), Buffer.from([0, 0])]),
    'snappy: corrupt input',
  ],
  ['snappy that promises more', Buffer.from([100, 0, 0]), 'snappy: corrupt input'],
  ['protobuf cut short', snappy(protobufPush().subarray(0, -2)), 'proto: '],
  [
    'protobuf with garbage behind it',
    snappy(Buffer.concat([protobufPush(), Buffer.from([0xff, 1])])),
    'proto: ',
  ],
  [
    'a field of another wire type',
    snappy(Buffer.from([0x08, 0x01])),
    'proto: wrong wireType = 0 for field streams',
  ],
  ['field 0', snappy(Buffer.from([0x00, 0x01])), 'proto: illegal tag 0'],
  ['JSON', snappy(Buffer.from(one([[ns(), 'x']]))), 'proto: '],
  [
    'nanoseconds beyond a second',
    snappy(protobufPush({ timestamp: { seconds, nanos: 1_000_000_000 } })),
    'nanos not in range',
  ],
])('under the protobuf type, %s is refused', async (_what, body, text) => {
  const loki = await started()
  const reply = await push(loki, body, PROTOBUF_TYPE)
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(text)])
  expect(loki.streams()).toEqual([])
})

test('an entry without a timestamp is of 1970', async () => {
  const loki = await started()
  const reply = await push(
    loki,
    snappy(encode({ streams: [{ labels: '{a="b"}', entries: [{ line: 'x' }] }] })),
    PROTOBUF_TYPE,
  )
  expect([reply.status, reply.text]).toEqual([
    400,
    expect.stringContaining('has timestamp too old: 1970-01-01T00:00:00Z'),
  ])
})

test('tenants are kept apart, and a missing one is 401', async () => {
  const loki = await started({ multiTenant: true })
  const missing = await push(loki, one([[ns(), 'x']]))
  expect([missing.status, missing.text]).toEqual([401, 'no org id\n'])
  expect((await request(`${loki.url}/loki/api/v1/labels`)).status).toBe(401)
  for (const tenant of ['one', 'two'])
    expect((await push(loki, one([[ns(), tenant]]), { ...JSON_TYPE, 'x-scope-orgid': tenant })).status).toBe(
      204,
    )
  expect(loki.streams('two').map(({ tenant, entries }) => [tenant, entries[0]?.line])).toEqual([
    ['two', 'two'],
  ])
  expect((await push(loki, one([[ns(), 'x']]), { ...JSON_TYPE, 'x-scope-orgid': 'a/b' })).status).toBe(400)
})

test('only POST pushes, and unknown paths are 404', async () => {
  const loki = await started()
  expect((await request(`${loki.url}/loki/api/v1/push`)).status).toBe(405)
  const unknown = await request(`${loki.url}/loki/api/v2/push`, { method: 'POST' })
  expect([unknown.status, unknown.text]).toEqual([404, '404 page not found\n'])
  const ready = await request(`${loki.url}/ready`)
  expect([ready.status, ready.text]).toEqual([200, 'ready\n'])
})
