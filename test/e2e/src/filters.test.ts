/** clip and clamp in a whole gateway: what collectd sends, filtered for all outputs or for one. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { freePort } from './peers/ports.ts'
import { until } from './peers/until.ts'

let folder: string
let gateway: Gateway | undefined

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'filters-'))))
afterEach(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const file = (path: string) => ({ plugin: 'file', options: { path, fsync: 'never' } })

test('an input clips for everybody, an output clamps for itself', async () => {
  const port = await freePort()
  const rules = { rules: [{ match: '*_percent*', min: 0, max: 100 }] }
  const limits = { rules: [{ match: '*', max: 50 }] }
  gateway = createGateway(
    {
      gateway: { admin: { port: 0 }, logLevel: 'error' },
      transports: { web: { plugin: 'http', options: { port } } },
      filters: { sane: { plugin: 'clip', options: rules }, limits: { plugin: 'clamp', options: limits } },
      inputs: {
        collectd: { plugin: 'collectd', from: { transport: 'web', path: '/collectd' }, filters: ['sane'] },
      },
      outputs: { all: file('./all.ndjson'), low: { ...file('./low.ndjson'), filters: ['limits'] } },
    },
    { folder },
  )
  await gateway.start()
  const views = () => gateway!.registry.view()
  await until('everything to be ready', () => views().every(({ state }) => state === 'ready'))
  const lists = [-1, 20, 80, 100.5].map((value, i) => ({
    values: [value],
    dstypes: ['gauge'],
    dsnames: ['value'],
    time: 1795167248 + i,
    interval: 10,
    host: 'h',
    plugin: 'cpu',
    plugin_instance: '0',
    type: 'percent',
    type_instance: 'idle',
  }))
  const answer = await fetch(`http://127.0.0.1:${port}/collectd`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(lists),
  })
  expect(answer.ok).toBe(true)
  const valuesIn = (path: string): number[] =>
    readFileSync(join(folder, path), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { value: number }).value)
  expect(valuesIn('all.ndjson')).toEqual([20, 80])
  expect(valuesIn('low.ndjson')).toEqual([20, 50])
  const ledger = await (await fetch(`${gateway.adminUrl}/api/v1/ledger`)).json()
  expect(ledger).toMatchObject({
    messages: [{ received: 1, settled: 1, filteredRecords: 2, residual: 0 }],
    records: [
      { output: 'all', routed: 2, delivered: 2, filtered: 0, residual: 0 },
      { output: 'low', routed: 2, delivered: 2, filtered: 0, residual: 0 },
    ],
  })
})
