import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'
import { until } from './peers/until.ts'

const VALUE_LIST =
  '[{"values":[1],"dstypes":["gauge"],"dsnames":["value"],"host":"h","plugin":"p","type":"t"}]'

let gateway: GatewayProcess
afterEach(() => gateway.remove())

/** A gateway whose only output takes `ms` for a batch. */
async function startSlow(ms: number, drain: string): Promise<string> {
  const port = await freePort()
  gateway = await startGateway(
    `
transports: { web: { plugin: http, options: { port: ${port} } } }
inputs: { collectd: { plugin: collectd, from: { transport: web, path: /collectd } } }
outputs: { slow: { plugin: ./slow } }
`,
    {},
    { before: writeSlow(ms), settings: `drain: ${drain}` },
  )
  await gateway.ready()
  return `http://127.0.0.1:${port}/collectd`
}

function writeSlow(ms: number): (folder: string) => void {
  return (folder) => {
    mkdirSync(join(folder, 'slow'))
    const manifest = {
      name: 'slow',
      type: 'module',
      exports: './index.js',
      smartGateway: { api: 1, kind: 'output' },
    }
    writeFileSync(join(folder, 'slow/package.json'), JSON.stringify(manifest))
    const write = `write: () => new Promise((resolve) => setTimeout(resolve, ${ms}))`
    writeFileSync(
      join(folder, 'slow/index.js'),
      `export default { api: 1, kind: 'output', name: 'slow', signals: ['metric'], options: {}, open: () => ({ ${write} }) }`,
    )
  }
}

const inFlight = 'smart_gateway_input_messages_in_flight{component="collectd"}'

test('a producer that waits for its answer when SIGTERM comes gets it, once the store has the record', async () => {
  const url = await startSlow(3000, '20s')
  const post = fetch(url, {
    method: 'POST',
    body: VALUE_LIST,
    headers: { 'content-type': 'application/json' },
  })
  await until('the message to be under way', async () => (await gateway.metric(inFlight)) === 1)
  gateway.kill('SIGTERM')
  expect((await post).status).toBe(200)
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
  expect(gateway.stderr()).toContain('stopped, nothing left behind')
}, 30_000)

test('one whose record is not stored when the drain is over is told to come again', async () => {
  const url = await startSlow(600_000, '1s')
  const post = fetch(url, {
    method: 'POST',
    body: VALUE_LIST,
    headers: { 'content-type': 'application/json' },
  })
  await until('the message to be under way', async () => (await gateway.metric(inFlight)) === 1)
  gateway.kill('SIGTERM')
  const { status, headers } = await post
  expect([status, headers.get('retry-after')]).toEqual([503, '1'])
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
  expect(gateway.stderr()).toContain('stopped; left: 1 messages of collectd without a fate, given back')
}, 30_000)
