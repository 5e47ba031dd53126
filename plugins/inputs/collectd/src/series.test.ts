import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { SeriesTable } from '@smart-gateway/sdk'
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

test('instances that only join up to the same text are different series (B11)', () => {
  const table = testSeriesTable()
  const pairs = [
    { plugin_instance: 'ab', type_instance: 'c' },
    { plugin_instance: 'a', type_instance: 'bc' },
    { plugin_instance: '', type_instance: 'abc' },
    { plugin_instance: 'abc', type_instance: '' },
  ].map((instances) => ({ ...cpu, ...instances }))
  const first = decode(pairs, table).samples.map(({ series }) => series)
  const second = decode(pairs, table).samples.map(({ series }) => series)
  expect(new Set(first).size).toBe(4)
  expect(second.every((series, i) => series === first[i])).toBe(true)
})

test('a NUL in a name cannot make two series one: the element is rejected', () => {
  const table = testSeriesTable()
  decode([{ ...cpu, host: 'a', plugin: 'b', plugin_instance: 'c' }], table)
  const { samples, rejected } = decode(
    [
      { ...cpu, host: 'a\0b', plugin: 'c', plugin_instance: '' },
      { ...cpu, host: 'a', plugin: 'b\0c', plugin_instance: '' },
    ],
    table,
  )
  expect(samples).toEqual([])
  expect(rejected).toEqual([
    'element 0 (c/percent): a name or instance holds a NUL character',
    'element 1 (b\0c/percent): a name or instance holds a NUL character',
  ])
})

test('names that mean something to JavaScript mean nothing here', () => {
  const table = testSeriesTable()
  const odd = {
    ...cpu,
    host: '__proto__',
    plugin: 'constructor',
    plugin_instance: '__proto__',
    type: 'toString',
  }
  const body = `[${JSON.stringify(odd)},{"__proto__":${JSON.stringify(cpu)}}]`
  decode(body, table)
  const { samples, rejected } = decode(body, table)
  expect(samples.map(({ series }) => series)).toEqual([
    {
      name: 'collectd_constructor_toString',
      labels: { host: '__proto__', plugin_instance: '__proto__', type_instance: 'user' },
      type: 'gauge',
      intervalMs: 10_000,
    },
  ])
  expect(rejected).toHaveLength(1)
})

test('in steady state the same series is the same object', () => {
  const table = testSeriesTable()
  const first = decode([cpu], table).samples[0]?.series
  expect(decode([{ ...cpu, values: [43], time: 1578677552.5 }], table).samples[0]?.series).toBe(first)
})

test.each([
  [{ interval: 5 }],
  [{ dstypes: ['derive'] }],
  [{ dstypes: ['absolute'] }],
  [{ dsnames: ['other'] }],
  [{ dsnames: [''] }],
  [{ dstypes: ['gauge', 'gauge'], dsnames: ['value', 'b'], values: [1, 2] }],
])('a source that changes to %j changes its series at once, and back', (change) => {
  const table = testSeriesTable()
  const changed = { ...cpu, ...change }
  for (const message of [cpu, changed, cpu]) {
    expect(decode([message], table).samples).toEqual(decode([message]).samples)
  }
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().heapUsed
}

function decodeHosts(table: SeriesTable, hosts: number): void {
  for (let host = 0; host < hosts; host++) {
    for (let port = 0; port < 100; port++) {
      const list = {
        values: [1],
        dstypes: ['derive'],
        dsnames: ['value'],
        time: 1795167248.136,
        interval: 10,
        host: `compute-${host}.localdomain.example`,
        plugin: 'interface',
        plugin_instance: `tap${port}-long-instance`,
        type: 'if_octets',
        type_instance: '',
      }
      decodeMessage(Buffer.from(JSON.stringify([list])), table, { ...testSink(), sample: () => {} })
    }
  }
}

test('a series costs less than 350 bytes of heap, with its labels, its key and its place in a table', () => {
  decodeHosts(testSeriesTable(), 5)
  const table = testSeriesTable()
  const before = usedBytes()
  decodeHosts(table, 200)
  const bytesEach = (usedBytes() - before) / 20_000
  expect(
    table.lookup('compute-0.localdomain.example\0interface\0tap0-long-instance\0if_octets\0'),
  ).toBeDefined()
  expect(bytesEach).toBeGreaterThan(100)
  expect(bytesEach).toBeLessThan(350)
})
