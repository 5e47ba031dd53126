/** What broke the ancestor, sg-core, done to the whole gateway: each fault by its id. The inputs' own tests go into each one's details. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT, startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { readPage } from './page.ts'
import { freePorts } from './peers/ports.ts'
import { until } from './peers/until.ts'
import { linesOf, untilLines } from './records.ts'

const JSON_BODY = { 'content-type': 'application/json' }

let gateway: GatewayProcess
let web: number
let frames: number
let page: string

beforeAll(async () => {
  const [webPort, tcp, pagePort] = (await freePorts(3)) as [number, number, number]
  web = webPort
  frames = tcp
  page = `http://127.0.0.1:${pagePort}/metrics`
  gateway = await startGateway(`
transports:
  web: { plugin: http, options: { port: ${web} } }
  frames: { plugin: socket, options: { protocol: tcp, port: ${tcp}, framing: length64le } }
inputs:
  collectd: { plugin: collectd, from: { transport: web, path: /collectd } }
  ceilometer: { plugin: ceilometer, from: { transport: web, path: /ceilometer } }
  logs: { plugin: logs, from: { transport: web, path: /logs } }
  framed: { plugin: ceilometer, from: { transport: frames } }
outputs:
  prometheus: { plugin: prometheus, options: { port: ${pagePort} } }
  file: { plugin: file, signals: [event, log], options: { path: records.ndjson } }
`)
  await gateway.ready()
}, 60_000)

afterAll(() => gateway?.remove())

/** Posts a body and returns the status; whatever it is, the gateway must still be there. */
async function post(path: string, body: unknown): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const { status } = await fetch(`http://127.0.0.1:${web}/${path}`, {
    method: 'POST',
    body: text,
    headers: JSON_BODY,
  })
  expect((await fetch(`${gateway.adminUrl}/health/ready`)).status).toBe(200)
  return status
}

const notification = (labels: object, annotations: object = {}) => [
  { labels: { alertname: 'collectd_load', ...labels }, annotations, startsAt: '2021-02-11T21:43:11Z' },
]
const valueList = (fields: object) => [
  {
    values: [1],
    dstypes: ['gauge'],
    dsnames: ['value'],
    host: 'h',
    plugin: 'p',
    plugin_instance: '',
    type: 't',
    type_instance: '',
    time: Date.now() / 1000,
    interval: 10,
    ...fields,
  },
]
const oslo = (payload: readonly object[], fields: object = {}) => ({
  'oslo.version': '2.0',
  'oslo.message': JSON.stringify({
    publisher_id: 'controller-0',
    event_type: 'metering',
    priority: 'SAMPLE',
    payload,
    timestamp: '2021-02-11 21:43:11.180978',
    ...fields,
  }),
})
const sample = (fields: object = {}) => ({
  counter_name: 'cpu',
  counter_type: 'gauge',
  counter_unit: 'ns',
  counter_volume: 7,
  user_id: 'u',
  project_id: 'p',
  resource_id: 'r',
  timestamp: new Date().toISOString().slice(0, -1),
  resource_metadata: {},
  ...fields,
})
const event = (traits: readonly unknown[]) => oslo([{ message_id: 'm', event_type: 'image.delete', traits }])

async function valueOf(series: RegExp): Promise<number | undefined> {
  return [...(await readPage(page))].find(([name]) => series.test(name))?.[1]
}

async function lastRecord(): Promise<Record<string, unknown>> {
  return (await linesOf(gateway, 'records.ndjson')).at(-1)!
}

test('B1: an unrecognised message, and one with a space after "labels":, end nothing', async () => {
  expect(await post('collectd', '{"hello":"world"}')).toBe(400)
  expect(await post('ceilometer', '{"hello":"world"}')).toBe(400)
  expect(await post('collectd', JSON.stringify(notification({ instance: 'spaced' }), null, 2))).toBe(200)
  expect(await lastRecord()).toMatchObject({ publisher: 'spaced' })
})

test('B2: float and null traits and a severity that is no text make events', async () => {
  expect(
    await post(
      'ceilometer',
      event([
        ['a', 3, 0.5],
        ['b', 1, null],
      ]),
    ),
  ).toBe(200)
  expect(await lastRecord()).toMatchObject({ labels: { a: 0.5, b: null } })
  expect(await post('collectd', notification({ severity: 5 }))).toBe(200)
  expect(await lastRecord()).toMatchObject({ severity: 'unknown' })
})

test('B3: dsnames, dstypes and values of unequal length are an error of that list alone', async () => {
  const bad = valueList({ dsnames: ['a', 'b', 'c'] })
  const few = valueList({ values: [1, 2], dstypes: ['gauge', 'gauge'], dsnames: ['a'] })
  await post('collectd', [...bad, ...few, ...valueList({ plugin: 'b3', values: [3] })])
  expect(await valueOf(/^collectd_b3_t\{/)).toBe(3)
})

test.each(['9', '-1', 'x', 9, null])('B4: a log line of the severity %j is kept', async (severity) => {
  const line = { '@timestamp': '2021-04-08T15:25:42Z', host: 'h', message: `severity ${severity}`, severity }
  expect(await post('logs', line)).toBe(200)
  expect(await lastRecord()).toMatchObject({ severity: 'unknown', message: line.message })
})

test('B5: their own message of six samples, several times, leaves the page whole', async () => {
  const file = join(ROOT, 'test/fixtures/sg-core/ceilometer-metric-tests.json')
  const { CeilometerMetrics } = JSON.parse(readFileSync(file, 'utf8')) as {
    CeilometerMetrics: { testInput: object }
  }
  for (let i = 0; i < 5; i++) expect(await post('ceilometer', CeilometerMetrics.testInput)).toBe(200)
  expect((await readPage(page)).size).toBeGreaterThan(5)
})

test('B6: one name with two types, and labels in another order, leave the page whole', async () => {
  await post('ceilometer', oslo([sample({ counter_name: 'b6', counter_type: 'gauge' })]))
  await post(
    'ceilometer',
    oslo([sample({ counter_name: 'b6', counter_type: 'delta', resource_id: 'other' })]),
  )
  const metadata = (user_metadata: object) => ({ resource_metadata: { user_metadata } })
  await post('ceilometer', oslo([sample({ counter_name: 'b6b', ...metadata({ a: '1', b: '2' }) })]))
  await post('ceilometer', oslo([sample({ counter_name: 'b6b', ...metadata({ b: '2', a: '1' }) })]))
  const names = [...(await readPage(page)).keys()]
  expect(names.filter((name) => name.startsWith('ceilometer_b6{'))).toHaveLength(2)
  expect(names.filter((name) => name.startsWith('ceilometer_b6b{'))).toHaveLength(1)
})

test('B7: after a burst of updates every series shows its last value', async () => {
  const bursts = Array.from({ length: 20 }, (_, round) =>
    Array.from({ length: 200 }, (_, i) =>
      valueList({ plugin: 'b7', type_instance: `s${i}`, values: [round], time: 1_700_000_000 + round }),
    ),
  )
  for (const lists of bursts) await Promise.all(lists.map((list) => post7(list)))
  const values = [...(await readPage(page))].filter(([name]) => name.startsWith('collectd_b7_t{'))
  expect(values).toHaveLength(200)
  expect(values.filter(([, value]) => value !== 19)).toEqual([])
}, 60_000)

async function post7(list: object): Promise<void> {
  const body = JSON.stringify(list)
  expect(
    (await fetch(`http://127.0.0.1:${web}/collectd`, { method: 'POST', body, headers: JSON_BODY })).status,
  ).toBe(200)
}

test('B8: a quote inside a text of ceilometer loses nothing', async () => {
  await post('ceilometer', oslo([sample({ counter_name: 'b8', resource_metadata: { name: 'my "vm"' } })]))
  expect(await valueOf(/^ceilometer_b8\{.*resource_name="my \\"vm\\""/)).toBe(7)
})

test('B9: {} after a valid message sends nothing again', async () => {
  const records = () =>
    gateway.metric(
      'smart_gateway_component_sent_records_total{component="ceilometer",kind="input",plugin="ceilometer"}',
    )
  await post('ceilometer', oslo([sample()]))
  const before = await records()
  expect(await post('ceilometer', '{}')).toBe(400)
  expect(await records()).toBe(before)
})

test('B10: a ves text with unbalanced quotes is kept as it is, at once', async () => {
  const ves = String.raw`{"a":"\"b\"c\\\"","d":"`
  const startedMs = performance.now()
  expect(await post('collectd', notification({}, { ves }))).toBe(200)
  expect(performance.now() - startedMs).toBeLessThan(2000)
  expect(await lastRecord()).toMatchObject({ annotations: { ves } })
})

test('B11: "ab"/"c" and "a"/"bc" are two series', async () => {
  await post('collectd', valueList({ plugin: 'b11', plugin_instance: 'ab', type_instance: 'c', values: [1] }))
  await post('collectd', valueList({ plugin: 'b11', plugin_instance: 'a', type_instance: 'bc', values: [2] }))
  expect(await valueOf(/^collectd_b11_t\{.*plugin_instance="ab",type_instance="c"/)).toBe(1)
  expect(await valueOf(/^collectd_b11_t\{.*plugin_instance="a",type_instance="bc"/)).toBe(2)
})

test('B12: names that Prometheus forbids, and label names that occur twice, are exported', async () => {
  await post('collectd', valueList({ plugin: 'b-12', type: 'x.y', values: [12] }))
  expect(await valueOf(/^collectd_b_12_x_y\{/)).toBe(12)
  await post('ceilometer', oslo([sample({ counter_name: 'project.b12.x', counter_volume: 12 })]))
  expect(await valueOf(/^ceilometer_project_b12_x\{/)).toBe(12)
})

test.each([
  ['B13', -4n],
  ['B14', 2n ** 40n],
])('%s: a frame of the length %s ends its connection and nothing else', async (_, length) => {
  const head = Buffer.alloc(8)
  head.writeBigInt64LE(length)
  const closed = await new Promise<boolean>((resolve) => {
    const socket = connect(frames, '127.0.0.1', () => socket.write(Buffer.concat([head, Buffer.alloc(100)])))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(true))
    setTimeout(() => resolve(false), 5000).unref()
    socket.resume()
  })
  expect(closed).toBe(true)
  const body = readFileSync(join(ROOT, 'test/fixtures/sg-core/msgpack-test.msgpack'))
  head.writeBigInt64LE(BigInt(body.length))
  const socket = connect(frames, '127.0.0.1', () => socket.end(Buffer.concat([head, body])))
  await until('the next frame on the page', async () =>
    valueOf(/^ceilometer_test_name_0_0_82\{/).then((v) => v === 0),
  )
})

test('B15: a null is not a sample, and does not become 0', async () => {
  await post(
    'collectd',
    valueList({ plugin: 'b15', dsnames: ['a', 'b'], dstypes: ['gauge', 'gauge'], values: [null, 5] }),
  )
  expect(await valueOf(/^collectd_b15_t_a\{/)).toBeUndefined()
  expect(await valueOf(/^collectd_b15_t_b\{/)).toBe(5)
})

test('B16: a series of an interval below a second expires', async () => {
  await post('collectd', valueList({ plugin: 'b16', interval: 0.2 }))
  expect(await valueOf(/^collectd_b16_t\{/)).toBe(1)
  await until('it to be gone', async () => (await valueOf(/^collectd_b16_t\{/)) === undefined)
})

test('B17: a ceilometer time without a zone is UTC, and no time is cut to the second', async () => {
  await post(
    'ceilometer',
    oslo([{ message_id: 'b17', event_type: 'a.b', generated: '2020-03-06T14:13:29.497096', traits: [] }]),
  )
  expect(await lastRecord()).toMatchObject({ timeMs: Date.UTC(2020, 2, 6, 14, 13, 29, 497), timeNs: 96_000 })
})

test('B18: SIGTERM ends it with 0', async () => {
  await untilLines(gateway, 'records.ndjson', 1)
  gateway.kill('SIGTERM')
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
})
