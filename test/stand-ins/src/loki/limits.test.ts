import { expect, test } from 'vitest'
import { closedAfterwards } from '../testing/cleanup.ts'
import { encode, ns, PROTOBUF_TYPE, push, pushOne, snappy } from '../testing/push.ts'
import { startLoki } from './index.ts'
import type { LokiOptions } from './index.ts'

const closed = closedAfterwards()
const started = async (options?: LokiOptions) => closed(await startLoki(options))
const HOUR_MS = 3_600_000
const labels = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`l${n}`, 'x']))

test('what a real Loki 2.8.0 was seen to answer', async () => {
  const loki = await started({ version: '2.8' })
  const twoHoursAgo = ns(-2 * HOUR_MS)
  expect((await pushOne(loki, { a: 'b' }, [ns(), 'x'], [ns(-HOUR_MS / 2), 'y'])).status).toBe(204)

  const behind = await pushOne(loki, { a: 'b' }, [twoHoursAgo, 'z'])
  expect(behind.status).toBe(400)
  expect(behind.text).toMatch(
    /^entry with timestamp \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC ignored, reason: 'entry too far behind, oldest acceptable timestamp is: [\dTZ:-]+' for stream: \{a="b"\},\nuser 'fake', total ignored: 1 out of 1\n$/,
  )
  const old = await pushOne(loki, { a: 'b' }, [ns(-169 * HOUR_MS), 'x'])
  expect([old.status, old.text]).toEqual([
    400,
    expect.stringMatching(
      /^entry for stream '\{a="b"\}' has timestamp too old: .*, oldest acceptable timestamp is: /,
    ),
  ])
  const early = await pushOne(loki, { a: 'b' }, [ns(2 * HOUR_MS), 'x'])
  expect([early.status, early.text]).toEqual([
    400,
    expect.stringMatching(/^entry for stream '\{a="b"\}' has timestamp too new: /),
  ])
  const unnamed = await pushOne(loki, {}, [ns(), 'x'])
  expect([unnamed.status, unnamed.text]).toEqual([
    400,
    'error at least one label pair is required per stream\n',
  ])
  expect((await pushOne(loki, labels(30), [ns(), 'x'])).status).toBe(204)
  const many = await pushOne(loki, labels(31), [ns(), 'x'])
  expect([many.status, many.text]).toEqual([400, expect.stringMatching(/has 31 label names; limit 30\n$/)])
  expect((await pushOne(loki, { a: 'b' }, [ns(), 'x', { trace: '1' }])).status).toBe(400)
  expect((await pushOne(loki, { a: 'c' }, [ns(), 'x'.repeat(300_000)])).status).toBe(204)
})

test('one bad stream of two is 400, and the good one is stored', async () => {
  const loki = await started()
  const reply = await push(loki, {
    streams: [
      { stream: { n: 'old' }, values: [[ns(-200 * HOUR_MS), 'x']] },
      { stream: { n: 'good' }, values: [[ns(), 'x']] },
    ],
  })
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(`entry for stream '{n="old"}'`)])
  expect(loki.streams().map(({ labels }) => labels)).toEqual([{ n: 'good' }])
})

test('one bad entry of three is 400, and the good ones are stored', async () => {
  const loki = await started()
  const reply = await pushOne(loki, { a: 'b' }, [ns(), 'x'], [ns(-200 * HOUR_MS), 'old'], [ns(1), 'y'])
  expect(reply.status).toBe(400)
  expect(loki.entries.map(({ line }) => line)).toEqual(['x', 'y'])
})

test('of several mistakes 2.8 tells the last and 3.x all of them', async () => {
  const streams = [1, 2, 2].map((n) => ({ stream: { n: String(n) }, values: [['1', 'x']] }))
  const two = await push(await started({ version: '2.8' }), { streams })
  expect(two.text).toMatch(/^entry for stream '\{n="2"\}' has timestamp too old: [^;]*\n$/)
  const three = await push(await started(), { streams })
  expect(three.text).toMatch(
    /^1 errors like: entry for stream '\{n="1"\}'.*; 2 errors like: entry for stream '\{n="2"\}'/,
  )
})

test('3.x words "too far behind" with the time of the entry and the stream at the end', async () => {
  const loki = await started()
  const reply = await pushOne(
    loki,
    { a: 'b' },
    [ns(), 'x'],
    [ns(-1.5 * HOUR_MS), 'y'],
    [ns(-0.9 * HOUR_MS), 'z'],
  )
  expect(reply.text).toMatch(
    /reason: 'entry too far behind, entry timestamp is: [\dTZ:-]+, oldest acceptable timestamp is: [\dTZ:-]+',\nuser 'fake', total ignored: 1 out of 3 for stream: \{a="b"\}\n$/,
  )
  expect(loki.entries.map(({ line }) => line)).toEqual(['x', 'z'])
})

test('a repeated entry is dropped in silence; another line of the same time is kept', async () => {
  const loki = await started()
  const at = ns()
  for (let n = 0; n < 2; n += 1)
    expect((await pushOne(loki, { a: 'b' }, [at, 'x'], [at, 'y'], [at, 'x'])).status).toBe(204)
  expect((await pushOne(loki, { a: 'c' }, [at, 'x'])).status).toBe(204)
  expect(loki.entries.map(({ labels, line }) => [labels['a'], line])).toEqual([
    ['b', 'x'],
    ['b', 'y'],
    ['c', 'x'],
  ])
})

test.each([
  [labels(16), 'x', undefined, 'has 16 label names; limit 15'],
  [{ ['l'.repeat(1025)]: 'x' }, 'x', undefined, 'has label name too long'],
  [{ a: 'ä'.repeat(1025) }, 'x', undefined, 'has label value too long'],
  [
    { a: 'b' },
    'x'.repeat(262_145),
    undefined,
    `Max entry size '262144' bytes exceeded for stream '{a="b"}' while adding an entry with length '262145' bytes`,
  ],
  [
    { a: 'b' },
    'x',
    { m: 'x'.repeat(65_536) },
    "has structured metadata too large: '65537' bytes, limit: '65536' bytes",
  ],
  [{ a: 'b' }, 'x', labels(129), "has too many structured metadata labels: '129', limit: '128'"],
])('3.x refuses what passes a limit (%#)', async (stream, line, metadata, text) => {
  const loki = await started()
  const reply = await pushOne(loki, stream, metadata ? [ns(), line, metadata] : [ns(), line])
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(text)])
  expect(loki.streams()).toEqual([])
})

test('a push beyond the burst is 429, and stores nothing', async () => {
  const loki = await started({ version: '2.8', limits: { rateBytes: 100, burstBytes: 1000 } })
  const reply = await pushOne(loki, { a: 'b' }, [ns(), 'x'.repeat(600)], [ns(1), 'y'.repeat(600)])
  expect([reply.status, reply.text]).toEqual([
    429,
    "Ingestion rate limit exceeded for user fake (limit: 100 bytes/sec) while attempting to ingest '2' lines totaling '1200' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased\n",
  ])
  expect(reply.headers.get('retry-after')).toBeNull()
  expect(loki.streams()).toEqual([])
  expect((await pushOne(loki, { a: 'b' }, [ns(), 'x'.repeat(900)])).status).toBe(204)
  expect((await pushOne(loki, { a: 'b' }, [ns(2), 'x'.repeat(900)])).status).toBe(429)
})

test('a stream has a rate of its own', async () => {
  const loki = await started({ limits: { streamRateBytes: 10, streamBurstBytes: 100 } })
  const reply = await pushOne(loki, { a: 'b' }, [ns(), 'x'.repeat(80)], [ns(1), 'y'.repeat(80)])
  expect([reply.status, reply.text]).toEqual([
    429,
    expect.stringContaining(
      `Per stream rate limit exceeded (limit: 10B/sec) while attempting to ingest for stream '{a="b"}' totaling 80B`,
    ),
  ])
  expect(loki.entries).toHaveLength(1)
})

test('more than 4 MiB in one piece cannot be handed to an ingester', async () => {
  const loki = await started()
  const lines = Array.from({ length: 21 }, (_, n) => [ns(n), 'x'.repeat(200_000 + n)])
  const reply = await pushOne(loki, { a: 'b' }, ...lines)
  expect([reply.status, reply.text]).toEqual([
    500,
    expect.stringContaining('grpc: received message larger than max'),
  ])
  expect(loki.streams()).toEqual([])
})

test('a limit of 0 is none', async () => {
  const off = { maxAgeMs: 0, maxAheadMs: 0, maxBehindMs: 0, maxLineBytes: 0, maxLabelNames: 0, rateBytes: 0 }
  const loki = await started({ limits: off })
  const values = [
    [ns(9000 * HOUR_MS), 'new'],
    ['1', 'old'],
    [ns(), 'x'.repeat(300_000)],
  ]
  expect((await pushOne(loki, labels(20), ...values)).status).toBe(204)
})

test('streams are bounded', async () => {
  const loki = await started({ limits: { maxStreams: 1 } })
  expect((await pushOne(loki, { a: '1' }, [ns(), 'x'])).status).toBe(204)
  const reply = await pushOne(loki, { a: '2' }, [ns(), 'x'])
  expect([reply.status, reply.text]).toEqual([
    429,
    expect.stringContaining('Maximum active stream limit exceeded'),
  ])
  expect((await pushOne(loki, { a: '1' }, [ns(1), 'x'])).status).toBe(204)
})

test('a body beyond its limit is 413', async () => {
  const loki = await started({ limits: { maxBodyBytes: 100 } })
  expect((await pushOne(loki, { a: 'b' }, [ns(), 'x'.repeat(100)])).status).toBe(413)
})

test('a label twice is refused', async () => {
  const loki = await started()
  const seconds = Math.floor(Date.now() / 1000)
  const body = encode({
    streams: [{ labels: '{a="1",a="2"}', entries: [{ timestamp: { seconds }, line: 'x' }] }],
  })
  const reply = await push(loki, snappy(body), PROTOBUF_TYPE)
  expect([reply.status, reply.text]).toEqual([400, `stream '{a="1",a="2"}' has duplicate label name: 'a'\n`])
})
