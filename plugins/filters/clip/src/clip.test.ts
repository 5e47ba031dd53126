import { expect, test } from 'vitest'
import type { Batch, MetricBatch, Series } from '@smart-gateway/sdk'
import { metricBatch, testContext } from '@smart-gateway/sdk/testing'
import clip from './index.ts'

const series = (name: string): Series => ({ name, labels: {}, type: 'gauge', intervalMs: 0 })
const [cpu, load] = [series('collectd_cpu_percent'), series('collectd_load')]

function batchOf(...samples: readonly [Series, number][]): MetricBatch {
  return metricBatch(samples.map(([series, value], i) => ({ series, value, timeMs: i })))
}

async function opened(rules: Parameters<typeof clip.open>[0]['options']['rules']) {
  const session = await clip.open(testContext({ rules }))
  return (batch: Batch) => session.apply(batch)
}

test('samples outside the range of their name go, the others keep value, time and order', async () => {
  const apply = await opened([{ match: '*_percent', min: 0, max: 100 }])
  const batch = batchOf([cpu, -1], [cpu, 0], [load, 101], [cpu, 100], [cpu, 100.1], [load, -5])
  expect(apply(batch)).toEqual({
    signal: 'metric',
    length: 4,
    series: [cpu, load, cpu, load],
    values: [0, 101, 100, -5],
    times: [1, 2, 3, 5],
  })
  expect(batch.length).toBe(6)
})

test('a batch without a hit is the same object, whatever is in it', async () => {
  const apply = await opened([{ match: '*_percent', max: 100 }])
  const batch = batchOf([cpu, Number.NaN], [cpu, -Infinity], [cpu, 100], [load, Infinity])
  expect(apply(batch)).toBe(batch)
  const logs: Batch = { signal: 'log', length: 0, records: [] }
  expect(apply(logs)).toBe(logs)
})

test('of a batch of which all is outside nothing is left', async () => {
  const apply = await opened([{ match: '*', min: 0 }])
  expect(apply(batchOf([cpu, -1], [load, -Infinity]))).toMatchObject({ length: 0, values: [] })
})

test('the first rule that matches holds', async () => {
  const apply = await opened([
    { match: 'collectd_cpu*', max: 10 },
    { match: '*', max: 1 },
  ])
  expect(apply(batchOf([cpu, 5], [load, 5])).length).toBe(1)
})

test('the defaults change nothing', async () => {
  const batch = batchOf([cpu, 1e300])
  expect((await opened([]))(batch)).toBe(batch)
  expect(clip.options.properties.rules.default).toEqual([])
})

test('a rule that admits nothing is refused at the start', () => {
  expect(() => clip.open(testContext({ rules: [{ match: '*', min: 2, max: 1 }] }))).toThrow(
    'rules[0] admits nothing: min 2 is greater than max 1',
  )
})
