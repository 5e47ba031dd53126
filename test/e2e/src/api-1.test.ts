/** What strangers have published for `api: 1` works as it is, with the gateway and the SDK of today. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { ROOT } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'

let folder: string
let gateway: Gateway
let url: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'api-1-'))
  cpSync(join(ROOT, 'test/fixtures/api-1'), folder, { recursive: true })
  mkdirSync(join(folder, 'node_modules/@smart-gateway'), { recursive: true })
  symlinkSync(join(ROOT, 'sdk'), join(folder, 'node_modules/@smart-gateway/sdk'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}/samples`
  gateway = createGateway(
    {
      gateway: { admin: { port: 0 }, logLevel: 'error' },
      transports: { web: { plugin: './transport', options: { port } } },
      filters: { quiet: { plugin: './filter', options: { drop: ['noise_*'] } } },
      inputs: {
        samples: { plugin: './input', filters: ['quiet'], from: { transport: 'web', path: '/samples' } },
      },
      outputs: { store: { plugin: './output', options: { path: './records.ndjson' } } },
    },
    { folder },
  )
  await gateway.start()
})

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('all four run: what is accepted is in the store, what is not is refused, what is filtered is gone', async () => {
  expect(await post([{ name: 'load', value: 1 }, { name: 'noise_a', value: 2 }, { name: 'no value' }])).toBe(
    204,
  )
  expect(await post('no sample')).toBe(422)
  expect(stored()).toEqual([['load', 1]])
})

test.each(['web', 'quiet', 'samples', 'store'])('%s is swapped', async (name) => {
  await gateway.swap(name)
  const before = stored().length
  expect(await post([{ name: 'load', value: 3 }])).toBe(204)
  expect(stored().slice(before)).toEqual([['load', 3]])
  expect(gateway.registry.view().find((one) => one.name === name)).toMatchObject({
    generation: 2,
    state: 'ready',
  })
})

async function post(body: unknown): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  await answer.arrayBuffer()
  return answer.status
}

function stored(): readonly unknown[] {
  const lines = readFileSync(join(folder, 'records.ndjson'), 'utf8').trim().split('\n')
  return lines
    .map((line) => JSON.parse(line) as { name: string; value: number })
    .map(({ name, value }) => [name, value])
}
