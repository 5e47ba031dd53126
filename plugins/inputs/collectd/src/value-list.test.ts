import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeMessage } from './message.ts'

function decode(message: unknown, table = testSeriesTable()): TestSink {
  const sink = testSink()
  const body = typeof message === 'string' ? message : JSON.stringify(message)
  decodeMessage(Buffer.from(body), table, sink)
  return sink
}

const cpu = {
  values: [42],
  dstypes: ['gauge'],
  dsnames: ['value'],
  time: 1578677542.547,
  interval: 10,
  host: 'h',
  plugin: 'cpu',
  plugin_instance: '0',
  type: 'percent',
  type_instance: 'user',
}

test('a value list becomes a sample of a series with its labels in order', () => {
  const { samples } = decode([cpu])
  expect(samples).toEqual([
    {
      series: {
        name: 'collectd_cpu_percent',
        labels: { host: 'h', plugin_instance: '0', type_instance: 'user' },
        type: 'gauge',
        intervalMs: 10_000,
      },
      value: 42,
      timeMs: 1578677542547,
    },
  ])
  expect(Object.keys(samples[0]!.series.labels)).toEqual(['host', 'plugin_instance', 'type_instance'])
})

test.each([
  [
    '[{"values": [2121], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost", "plugin":"metric", "type":"type0"}]',
    ['collectd_metric_type0_samples_total 2121 localhost base base'],
  ],
  [
    '[{"values": [2122], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost", "plugin_instance":"plugin0", "type_instance":"type0", "plugin":"metric", "type":"type666"}]',
    ['collectd_metric_type666_samples_total 2122 localhost plugin0 type0'],
  ],
  [
    '[{"values": [2112, 1001], "dstypes": ["derive","counter"], "dsnames":["pamples","wamples"], "host":"localhost", "plugin":"metric", "type":"type0"}]',
    [
      'collectd_metric_type0_pamples_total 2112 localhost base base',
      'collectd_metric_type0_wamples_total 1001 localhost base base',
    ],
  ],
  [
    '[{"values": [1234], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost", "plugin":"metric", "type":"type0"}, {"values": [5678], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost", "plugin":"metric", "type":"type1"}]',
    [
      'collectd_metric_type0_samples_total 1234 localhost base base',
      'collectd_metric_type1_samples_total 5678 localhost base base',
    ],
  ],
])('valid: %s', (body, expected) => {
  const { samples, rejected, skipped } = decode(body)
  expect(
    samples.map(({ series, value }) => [series.name, value, ...Object.values(series.labels)].join(' ')),
  ).toEqual(expected)
  for (const { series, timeMs } of samples) {
    expect({ type: series.type, intervalMs: series.intervalMs, timeMs }).toEqual({
      type: 'counter',
      intervalMs: 0,
      timeMs: 0,
    })
  }
  expect([rejected, skipped]).toEqual([[], []])
})

test.each([
  ['[{}]', 'element 0 is neither a value list (with values) nor a notification (with labels)'],
  [
    '[{"values": [2121], "dsnames":["samples"], "host":"localhost","plugin":"metric","type":"type0"}]',
    'element 0 (metric/type0): dstypes is not an array',
  ],
  [
    '[{"values": [2121], "dstypes": ["derive"], "host":"localhost","plugin":"metric","type":"type0"}]',
    'element 0 (metric/type0): dsnames is not an array',
  ],
  [
    '[{"values": [2121], "dstypes": ["derive"], "dsnames":["samples"],"plugin":"metric","type":"type0"}]',
    'element 0 (metric/type0): host is missing or not a string',
  ],
  [
    '[{"values": [2121], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost","type":"type0"}]',
    'element 0 (type0): plugin is missing or not a string',
  ],
  [
    '[{"values": [2121], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost","plugin":"metric"}]',
    'element 0 (metric): type is missing or not a string',
  ],
  [
    '[{"values": [2121], "dstypes": ["derive","counter"], "dsnames":["samples"], "host":"localhost","plugin":"metric","type":"type0"}]',
    'element 0 (metric/type0): 1 values, 2 dstypes and 1 dsnames',
  ],
])('invalid, exactly one error: %s', (body, reason) => {
  expect(decode(body)).toMatchObject({ rejected: [reason], skipped: [], samples: [], events: [] })
})

test('dsnames, dstypes and values of unequal length are an error of that value list alone (B3)', () => {
  const two = { ...cpu, values: [1, 2], dstypes: ['gauge', 'gauge'], dsnames: ['a', 'b'] }
  const wrong = [
    { ...two, dsnames: ['a'] },
    { ...two, dsnames: ['a', 'b', 'c'] },
    { ...two, dstypes: ['gauge'] },
    { ...two, values: [1] },
    { ...two, values: [] },
  ]
  const { samples, rejected } = decode([...wrong, two])
  expect(samples.map(({ value }) => value)).toEqual([1, 2])
  expect(rejected.map((reason) => reason.replace(/^element \d/, ''))).toEqual([
    ' (cpu/percent): 2 values, 2 dstypes and 1 dsnames',
    ' (cpu/percent): 2 values, 2 dstypes and 3 dsnames',
    ' (cpu/percent): 2 values, 1 dstypes and 2 dsnames',
    ' (cpu/percent): 1 values, 2 dstypes and 2 dsnames',
    ' (cpu/percent): 0 values, 2 dstypes and 2 dsnames',
  ])
})

test('null, which is a NaN of collectd, is skipped and counted, never 0 (B15)', () => {
  const { samples, skipped, rejected } = decode([
    { ...cpu, values: [null, 5], dstypes: ['gauge', 'gauge'], dsnames: ['a', 'b'] },
    { ...cpu, values: [null] },
  ])
  expect(samples.map(({ series, value }) => [series.name, value])).toEqual([['collectd_cpu_percent_b', 5]])
  expect(skipped).toEqual(['null value', 'null value'])
  expect(rejected).toEqual([])
})

test.each([['"5"'], ['"NaN"'], ['true'], ['{}'], ['[1]'], ['1e999'], ['-1e999']])(
  'the value %s is no number: its value list is rejected as a whole',
  (value) => {
    const body = `[{"values":[1,${value}],"dstypes":["gauge","gauge"],"dsnames":["a","b"],"host":"h","plugin":"p","type":"t"}]`
    expect(decode(body)).toMatchObject({
      samples: [],
      skipped: [],
      rejected: ['element 0 (p/t): value 1 is not a finite number'],
    })
  },
)

test.each([
  [{ host: 5 }, 'host is missing or not a string'],
  [{ host: '' }, 'host is missing or not a string'],
  [{ plugin: '' }, 'plugin is missing or not a string'],
  [{ type: '' }, 'type is missing or not a string'],
  [{ plugin_instance: 0 }, 'plugin_instance is not a string'],
  [{ type_instance: ['user'] }, 'type_instance is not a string'],
  [{ values: 5 }, 'values is not an array'],
  [{ values: null }, 'values is not an array'],
  [{ values: { length: 1, 0: 5 } }, 'values is not an array'],
  [{ dsnames: 'v' }, 'dsnames is not an array'],
  [{ dsnames: [['value']] }, 'dsname 0 is not a string'],
  [{ dstypes: [7] }, 'dstype 0 is not a string'],
])('%j is rejected, on first sight and in steady state', (change, reason) => {
  const table = testSeriesTable()
  for (let round = 0; round < 2; round++) {
    const { samples, rejected } = decode([{ ...cpu, ...change }, cpu], table)
    expect(samples).toHaveLength(1)
    expect(rejected).toHaveLength(1)
    expect(rejected[0]).toContain(reason)
  }
})

test.each([
  ['host', { host: 'x'.repeat(1025) }],
  ['plugin', { plugin: 'x'.repeat(1025) }],
  ['plugin_instance', { plugin_instance: 'x'.repeat(1025) }],
  ['type', { type: 'x'.repeat(1025) }],
  ['type_instance', { type_instance: 'x'.repeat(1025) }],
  ['host', { host: 'x'.repeat(4_000_000), interval: 1e9 }],
  ['dsname 0', { dsnames: ['x'.repeat(1025)] }],
  ['dsname 1', { values: [1, 2], dstypes: ['gauge', 'gauge'], dsnames: ['a', 'x'.repeat(1025)] }],
])('a value list whose %s is too long is rejected and leaves nothing in the table', (name, change) => {
  const table = testSeriesTable()
  const interned: string[] = []
  const spied = {
    ...table,
    intern: (...made: Parameters<typeof table.intern>) => {
      interned.push(made[0])
      return table.intern(...made)
    },
  }
  for (let round = 0; round < 2; round++) {
    const { samples, rejected } = decode([{ ...cpu, ...change }, cpu], spied)
    expect(samples).toMatchObject([{ series: { name: 'collectd_cpu_percent' }, value: 42 }])
    expect(rejected).toEqual([expect.stringContaining(`): ${name} is longer than 1024 characters`)])
    expect(rejected[0]!.length).toBeLessThan(200)
  }
  expect(interned).toEqual([['h', 'cpu', '0', 'percent', 'user'].join('\0')])
})

test('names of 1024 characters are taken', () => {
  const long = 'x'.repeat(1024)
  const widest = { host: long, plugin: long, plugin_instance: long, type: `${long.slice(1)}y` }
  const { samples, rejected } = decode([{ ...cpu, ...widest, type_instance: long, dsnames: [long] }])
  expect(samples).toHaveLength(1)
  expect(rejected).toEqual([])
})

test('the reason that is given stays short however long a name is', () => {
  const { rejected } = decode([{ ...cpu, plugin: 'p'.repeat(1e6), values: ['x'] }])
  expect(rejected[0]!.length).toBeLessThan(200)
})

test.each([
  ['gauge', 'value', 'collectd_cpu_percent', 'gauge'],
  ['derive', 'value', 'collectd_cpu_percent_total', 'counter'],
  ['counter', 'rx', 'collectd_cpu_percent_rx_total', 'counter'],
  ['absolute', 'rx', 'collectd_cpu_percent_rx', 'untyped'],
  ['whatever', 'value', 'collectd_cpu_percent', 'untyped'],
  ['__proto__', '__proto__', 'collectd_cpu_percent___proto__', 'untyped'],
  ['constructor', '', 'collectd_cpu_percent_', 'untyped'],
])('dstype %s and dsname %j make %s, a %s', (dstype, dsname, name, type) => {
  const { samples } = decode([{ ...cpu, dstypes: [dstype], dsnames: [dsname] }])
  expect(samples[0]?.series).toMatchObject({ name, type })
})

test('a type that equals its plugin is named once', () => {
  expect(decode([{ ...cpu, plugin: 'memory', type: 'memory' }]).samples[0]?.series.name).toBe(
    'collectd_memory',
  )
})

test('names keep the characters that a store may not like (B12)', () => {
  expect(
    decode([{ ...cpu, plugin: 'my-plug', type: 'my.type', host: 'h"q\\b' }]).samples[0]?.series,
  ).toMatchObject({
    name: 'collectd_my-plug_my.type',
    labels: { host: 'h"q\\b' },
  })
})

test.each([
  [{ interval: 0.5 }, 500, 1578677542547],
  [{ interval: 10.5, time: 1609459200.5 }, 10_500, 1609459200500],
  [{ interval: 5, time: 1578677542.999 }, 5000, 1578677542999],
  [{ interval: undefined, time: undefined }, 0, 0],
  [{ interval: null, time: null }, 0, 0],
  [{ interval: 0, time: 0 }, 0, 0],
  [{ interval: -5, time: -1 }, 0, 0],
  [{ interval: '10', time: '1578677542.547' }, 0, 0],
  [{ interval: 1e300, time: 1e300 }, 0, 0],
  [{ interval: 10, time: 1e306 }, 10_000, 0],
  [{ interval: 86_400 }, 86_400_000, 1578677542547],
  [{ interval: 86_400.001 }, 0, 1578677542547],
  [{ interval: 1e9 }, 0, 1578677542547],
])('%j gives the interval and the time in milliseconds: %d, %d (B16, B17)', (change, intervalMs, timeMs) => {
  expect(decode([{ ...cpu, ...change }]).samples).toMatchObject([{ series: { intervalMs }, timeMs }])
})

test.each([
  ['18446744073709551615', 18446744073709552000],
  ['-9223372036854775807', -(2 ** 63)],
  ['9999999999999', 9999999999999],
  ['-50.5', -50.5],
  ['-3.5e-07', -3.5e-7],
  ['1e+300', 1e300],
])('the value %s is the nearest double', (text, value) => {
  expect(decode(JSON.stringify([cpu]).replace('42', text)).samples[0]?.value).toBe(value)
})

test('a value list of no values at all is no record and no error', () => {
  const table = testSeriesTable()
  const empty = { ...cpu, values: [], dstypes: [], dsnames: [] }
  const before = decode([cpu], table).samples[0]?.series
  expect(decode([empty], table)).toMatchObject({ samples: [], rejected: [], skipped: [] })
  expect(decode([cpu], table).samples[0]?.series).toBe(before)
})

test('a value list of 10,000 values works, also in steady state', () => {
  const table = testSeriesTable()
  const values = Array.from({ length: 10_000 }, (_, i) => i)
  const big = { ...cpu, values, dstypes: values.map(() => 'derive'), dsnames: values.map((i) => `ds${i}`) }
  const first = decode([big], table).samples
  const second = decode([big], table).samples
  expect(second).toHaveLength(10_000)
  expect(second[9999]).toMatchObject({ series: { name: 'collectd_cpu_percent_ds9999_total' }, value: 9999 })
  expect(second.every(({ series }, i) => series === first[i]!.series)).toBe(true)
})

test('meta and other members are ignored', () => {
  const { samples, rejected } = decode([
    { ...cpu, meta: { 'network:received': true, n: 5 }, extra: [{}], labels: {} },
  ])
  expect(samples).toEqual(decode([cpu]).samples)
  expect(rejected).toEqual([])
})
