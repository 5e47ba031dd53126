import { expect, test } from 'vitest'
import type { Batch, MetricBatch, Series } from '@smart-gateway/sdk'
import { metricBatch, testContext } from '@smart-gateway/sdk/testing'
import clamp from './index.ts'

const series = (name: string): Series => ({ name, labels: {}, type: 'gauge', intervalMs: 0 })
const [cpu, load] = [series('collectd_cpu_percent'), series('collectd_load')]

function batchOf(...samples: readonly [Series, number][]): MetricBatch {
  return metricBatch(samples.map(([series, value], i) => ({ series, value, timeMs: i })))
}

async function opened(rules: Parameters<typeof clamp.open>[0]['options']['rules']) {
  const session = await clamp.open(testContext({ rules }))
  return (batch: Batch) => session.apply(batch)
}

test('values outside the range of their name become its nearer end; nothing else changes', async () => {
  const apply = await opened([{ match: '*_percent', min: 0, max: 100 }])
  const batch = batchOf([cpu, -1], [cpu, 50], [load, 101], [cpu, Infinity], [cpu, 100.1])
  expect(apply(batch)).toEqual({ ...batch, values: [0, 50, 101, 100, 100] })
  expect(batch.values).toEqual([-1, 50, 101, Infinity, 100.1])
})

test('a batch without a hit is the same object, whatever is in it', async () => {
  const apply = await opened([{ match: '*_percent', max: 100 }])
  const batch = batchOf([cpu, Number.NaN], [cpu, -Infinity], [cpu, 100], [load, Infinity])
  expect(apply(batch)).toBe(batch)
  const logs: Batch = { signal: 'log', length: 0, records: [] }
  expect(apply(logs)).toBe(logs)
})

test('columns of another thread are not written to', async () => {
  const apply = await opened([{ match: '*', min: 0 }])
  const values = Float64Array.of(-1, 1)
  const left = apply({ ...batchOf([cpu, 0], [cpu, 0]), values }) as MetricBatch
  expect([Array.from(left.values), Array.from(values)]).toEqual([
    [0, 1],
    [-1, 1],
  ])
})

test('the first rule that matches holds', async () => {
  const apply = await opened([
    { match: 'collectd_cpu*', max: 10 },
    { match: '*', max: 1 },
  ])
  expect((apply(batchOf([cpu, 50], [load, 5])) as MetricBatch).values).toEqual([10, 1])
})

test('the defaults change nothing', async () => {
  const batch = batchOf([cpu, 1e300])
  expect((await opened([]))(batch)).toBe(batch)
  expect(clamp.options.properties.rules.default).toEqual([])
})

test('a rule that admits nothing is refused at the start', () => {
  expect(() => clamp.open(testContext({ rules: [{ match: '*', min: 2, max: 1 }] }))).toThrow(
    'rules[0] admits nothing: min 2 is greater than max 1',
  )
})
