import { afterEach, expect, test } from 'vitest'
import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import type { Elasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import { smartGateway } from './command.ts'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { freePorts } from './peers/ports.ts'
import { until } from './peers/until.ts'

const LINES = 400

let gateway: GatewayProcess | undefined
let elasticsearch: Elasticsearch | undefined

afterEach(async () => {
  await gateway?.remove()
  await elasticsearch?.close()
})

async function post(port: number, message: string): Promise<number> {
  const body = JSON.stringify({ '@timestamp': '2026-04-08T15:25:42Z', host: 'h', severity: '6', message })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`http://127.0.0.1:${port}/logs`, { method: 'POST', body, headers })).status
}

test('with a disk queue producers get their answer while the store is away, and SIGKILL loses nothing of it', async () => {
  const [web, store] = (await freePorts(2)) as [number, number]
  gateway = await startGateway(`
transports: { web: { plugin: http, options: { port: ${web} } } }
inputs: { logs: { plugin: logs, from: { transport: web, path: /logs } } }
outputs:
  elasticsearch:
    plugin: elasticsearch
    queue: { type: disk, max: 64MiB }
    retry: { initial: 50ms, max: 200ms }
    options: { node: "http://127.0.0.1:${store}" }
`)
  await until(
    'it to listen',
    () =>
      post(web, 'line 0').then(
        (status) => status === 200,
        () => false,
      ),
    20_000,
  )
  for (let i = 1; i < LINES; i++) expect(await post(web, `line ${i}`)).toBe(200)
  expect((await gateway.instance('elasticsearch')).queue?.records).toBe(LINES)

  gateway.kill('SIGKILL')
  await gateway.exited
  elasticsearch = await startElasticsearch({ port: store })
  gateway = await gateway.again()
  const stored = elasticsearch
  await until('all to be stored', () => stored.documents().length >= LINES, 20_000)
  const messages = stored.documents().map(({ source }) => source['message'])
  expect(messages).toEqual(Array.from({ length: LINES }, (_, i) => `line ${i}`))
  const edge = (fate: string) =>
    gateway!.metric(`smart_gateway_edge_records_total{input="logs",output="elasticsearch",fate="${fate}"}`)
  expect([await edge('recovered'), await edge('delivered')]).toEqual([LINES, LINES])
  expect(await gateway.metric('smart_gateway_unaccounted_records{component="elasticsearch"}')).toBe(0)

  expect(await post(web, 'one more')).toBe(200)
  await until('it to be stored', () => stored.documents().length === LINES + 1)
  gateway.kill('SIGTERM')
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
  expect(gateway.stderr()).toContain('stopped, nothing left behind')
}, 60_000)

test('a second gateway on the same folder does not touch the queue of the first', async () => {
  const [web, store] = (await freePorts(2)) as [number, number]
  gateway = await startGateway(`
transports: { web: { plugin: http, options: { port: ${web} } } }
inputs: { logs: { plugin: logs, from: { transport: web, path: /logs } } }
outputs: { elasticsearch: { plugin: elasticsearch, queue: { type: disk }, options: { node: "http://127.0.0.1:${store}" } } }
`)
  await until(
    'it to listen',
    () =>
      post(web, 'line').then(
        (status) => status === 200,
        () => false,
      ),
    20_000,
  )
  const second = smartGateway(['run', 'startup.yaml'], gateway.folder)
  try {
    await until('the second one to say so', () => second.stderr().includes('SG_QUEUE_IN_USE'), 15_000)
  } finally {
    await second.end()
  }
  expect((await gateway.instance('elasticsearch')).queue?.records).toBe(1)
}, 40_000)
