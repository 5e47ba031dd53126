import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricBatch, testContext } from '@smart-gateway/sdk/testing'
import plugin from './index.ts'

const batch = metricBatch(
  ['cpu_idle', 'cpu_user', 'memory'].map((name) => ({
    series: { name, labels: {}, type: 'gauge', intervalMs: 0 },
    value: 1,
    timeMs: 0,
  })),
)

test('a metric whose name fits is taken away', async () => {
  const session = await plugin.open(testContext({ drop: ['cpu_*'] }))
  const left = session.apply(batch)
  assert.ok(left.signal === 'metric')
  assert.deepEqual(
    left.series.map(({ name }) => name),
    ['memory'],
  )
})

test('without options every batch goes on as it is', async () => {
  const session = await plugin.open(testContext({ drop: [] }))
  assert.equal(session.apply(batch), batch)
})
