import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

const entries = [
  { service: 'glance', container: '1235', status: 'healthy', healthy: 1 },
  { service: 'nova', container: '1236', status: 'unhealthy', healthy: 0 },
]

function result(output: unknown, change: object = {}): object {
  return {
    labels: { client: 'controller-0.osp-cloudops-0', check: 'check-container-health', severity: 'FAILURE' },
    annotations: { output: typeof output === 'string' ? output : JSON.stringify(output) },
    startsAt: '2021-06-29T18:49:13Z',
    ...change,
  }
}

function decode(message: unknown, table = testSeriesTable()): TestSink {
  const sink = testSink()
  decodeMessage(Buffer.from(JSON.stringify(message)), table, sink)
  return sink
}

function shown({ samples }: TestSink): string[] {
  return samples.map(({ series, value, timeMs }) => {
    const labels = Object.entries(series.labels).map(([name, label]) => `${name}="${label}"`)
    return `${series.name}{${labels.join(',')}} ${value} ${timeMs}`
  })
}

const healthy =
  'sensubility_container_health_status{process="glance",host="controller-0.osp-cloudops-0"} 1 1624992553000'
const unhealthy =
  'sensubility_container_health_status{process="nova",host="controller-0.osp-cloudops-0"} 0 1624992553000'

test.each([
  ['bare', result(entries)],
  ['in an array', [result(entries)]],
  ['with a VES event', result(entries, { annotations: { output: JSON.stringify(entries), ves: '{}' } })],
  ['with its output laid out over lines', result(`\n${JSON.stringify(entries, null, 2)}\n`)],
])('a health check %s becomes one gauge per container, and no event', (_how, message) => {
  const sink = decode(message)
  expect(shown(sink)).toEqual([healthy, unhealthy])
  expect(sink.samples.map(({ series }) => [series.type, series.intervalMs])).toEqual([
    ['gauge', 0],
    ['gauge', 0],
  ])
  expect([sink.events, sink.rejected, sink.skipped]).toEqual([[], [], []])
})

test('the output of the smoke test is read', () => {
  const output =
    '[{"service":"smoketest-svc","container":"smoketest-container","status":"unhealthy","healthy":0}]'
  expect(shown(decode(result(output)))).toEqual([
    'sensubility_container_health_status{process="smoketest-svc",host="controller-0.osp-cloudops-0"} 0 1624992553000',
  ])
})

test('health checks, value lists and notifications may share one array', () => {
  const list = {
    values: [1],
    dstypes: ['gauge'],
    dsnames: ['value'],
    host: 'h',
    plugin: 'p',
    type: 't',
  }
  const alert = { labels: { alertname: 'collectd_load', n: 1 }, annotations: { output: '[' } }
  const { samples, events, rejected } = decode([list, alert, result(entries), alert, list])
  expect(samples.map(({ series }) => series.name)).toEqual([
    'collectd_p_t',
    'sensubility_container_health_status',
    'sensubility_container_health_status',
    'collectd_p_t',
  ])
  expect(events).toHaveLength(2)
  expect(rejected).toEqual([])
})

test('the series of a container stays the same object', () => {
  const table = testSeriesTable()
  const first = decode(result(entries), table).samples
  const second = decode(result(entries, { startsAt: '2021-06-29T18:49:23Z' }), table).samples
  expect(second.map(({ series }) => series)).toEqual(first.map(({ series }) => series))
  expect(second.every(({ series }, i) => series === first[i]!.series)).toBe(true)
  expect(second[0]!.timeMs).toBe(1624992563000)
})

test.each([
  [{ container: '1235', status: 'healthy', healthy: 1 }, 'service of output 1 is missing'],
  [{ service: '', healthy: 1 }, 'service of output 1 is missing'],
  [{ service: 5, healthy: 1 }, 'service of output 1 is missing'],
  [{ service: 'a\0b', healthy: 1 }, 'service of output 1 is missing'],
  [{ service: 'x'.repeat(1025), healthy: 1 }, 'service of output 1 is missing'],
  [{ service: 'x' }, 'healthy of output 1 is not a number'],
  [{ service: 'x', healthy: null }, 'healthy of output 1 is not a number'],
  [{ service: 'x', healthy: '1' }, 'healthy of output 1 is not a number'],
  [{}, 'service of output 1 is missing'],
  [null, 'service of output 1 is missing'],
  [5, 'service of output 1 is missing'],
])(
  'the entry %j, for which the ancestor dropped the whole message, is rejected alone (3.6)',
  (entry, reason) => {
    const sink = decode(result([entries[0], entry, entries[1]]))
    expect(shown(sink)).toEqual([healthy, unhealthy])
    expect(sink.rejected).toEqual([expect.stringContaining(`element 0: ${reason}`)])
    expect(sink.rejected[0]!.length).toBeLessThan(200)
  },
)

test.each([
  [{ labels: {} }, 'labels.client is missing'],
  [{ labels: { client: '' } }, 'labels.client is missing'],
  [{ labels: { client: 'a\0b\0c\0d\0e' } }, 'labels.client is missing'],
  [{ labels: null }, 'labels.client is missing'],
  [{ startsAt: undefined }, 'startsAt is missing or no time'],
  [{ startsAt: 'asd4' }, 'startsAt is missing or no time'],
  [{ startsAt: 1624992553 }, 'startsAt is missing or no time'],
])('a health check with %j is rejected', (change, reason) => {
  for (const message of [result(entries, change), [result(entries, change)]]) {
    const { samples, events, rejected } = decode(message)
    expect([samples, events]).toEqual([[], []])
    expect(rejected).toEqual([expect.stringContaining(`element 0: ${reason}`)])
  }
})

test.each([
  ['asd4'],
  ['[]'],
  ['[{},{}]'],
  ['[1,"x",null]'],
  ['[{"service":"cut'],
  ['{"service":"glance","healthy":1}'],
  ['[ERROR] it failed'],
  [''],
  ['['.repeat(1e5)],
  [JSON.stringify('x')],
])('a check result whose output %j lists no health stays an event', (output) => {
  const { samples, events, rejected } = decode([result(output)])
  expect([samples, rejected]).toEqual([[], []])
  expect(events).toMatchObject([
    { index: 'collectd_check_container', severity: 'critical', annotations: { output } },
  ])
})

test('an output of hundreds of kilobytes is read in order', () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({
    service: `service-${i}`,
    container: 'c'.repeat(30),
    status: 'healthy',
    healthy: i % 2,
  }))
  const { samples, rejected } = decode(result(many))
  expect(rejected).toEqual([])
  expect(samples.map(({ series, value }) => `${series.labels.process}=${value}`)).toEqual(
    many.map(({ service, healthy }) => `${service}=${healthy}`),
  )
})

test('neither names nor nesting can confuse it', () => {
  const deep = '['.repeat(50_000) + ']'.repeat(50_000)
  const output = `[{"__proto__":{"service":"x"},"healthy":1},{"service":"__proto__","healthy":0.5,"deep":${deep}}]`
  const sink = decode(result(output))
  expect(shown(sink)).toEqual([
    'sensubility_container_health_status{process="__proto__",host="controller-0.osp-cloudops-0"} 0.5 1624992553000',
  ])
  expect(sink.rejected).toHaveLength(1)
})
