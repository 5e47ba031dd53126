import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { metricBatch, testContext } from '@smart-gateway/sdk/testing'
import plugin from './index.ts'

test('a sample is one line', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'my-plugin-')), 'records.ndjson')
  const session = await plugin.open(testContext({ path }))
  const series = { name: 'requests_total', labels: { host: 'a' }, type: 'counter', intervalMs: 0 } as const
  await session.write(metricBatch([{ series, value: 7, timeMs: 1_700_000_000_000 }]))
  await session.stop?.()
  const line = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  assert.equal(line['name'], 'requests_total')
  assert.equal(line['value'], 7)
})
