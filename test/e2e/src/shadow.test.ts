import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import { startLoki } from '@smart-gateway/stand-ins/loki'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { startAlertmanager } from './peers/alertmanager.ts'
import { freePort } from './peers/ports.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

const SHADOW_MS = 400

let gateway: Gateway | undefined
let folder: string
let web: number

afterEach(async () => {
  await gateway?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('our outputs rehearse what they write: swapped with a shadow, each takes over, and nothing is written twice', async () => {
  const [elasticsearch, loki] = await Promise.all([startElasticsearch(), startLoki()])
  onTestFinished(async () => void (await Promise.all([elasticsearch.close(), loki.close()])))
  await begin({
    elasticsearch: { plugin: 'elasticsearch', options: { node: elasticsearch.url } },
    loki: { plugin: 'loki', options: { url: loki.url } },
    file: { plugin: 'file', options: { path: './out.ndjson', fsync: 'never' } },
    prometheus: { plugin: 'prometheus', options: { port: 0 } },
  })
  const line = (i: number): string =>
    JSON.stringify({
      '@timestamp': new Date().toISOString(),
      host: 'a',
      severity: '6',
      facility: 'daemon',
      message: `line ${i}`,
    })
  const sent = await duringShadows(['elasticsearch', 'loki', 'file', 'prometheus'], async (i) => {
    await post('logs', line(i))
    await post('collectd', metric(i))
  })
  const texts = Array.from({ length: sent }, (_, i) => `line ${i}`)
  expect(
    elasticsearch
      .documents()
      .map(({ source }) => source['message'])
      .toSorted(),
  ).toEqual(texts.toSorted())
  expect(loki.streams().flatMap(({ entries }) => entries.map((entry) => entry.line))).toEqual(texts)
  const lines = (await readFile(join(folder, 'out.ndjson'), 'utf8')).trim().split('\n')
  expect(lines).toHaveLength(2 * sent)
  expect(new Set(lines).size).toBe(2 * sent)
}, 60_000)

describeWith(['alertmanager'], 'a real Alertmanager', () => {
  test('gets each alert once from the one that works, none from the one in shadow', async () => {
    const alertmanager = await startAlertmanager()
    onTestFinished(() => alertmanager.stop())
    await begin({ alerts: { plugin: 'alertmanager', options: { urls: [alertmanager.url] } } })
    const sent = await duringShadows(['alerts'], (i) => post('collectd', notification(i)))
    await until('the alerts', async () => (await alertmanager.alerts()).length === sent)
    expect(gateway!.registry.outputs[0]!.queue.ledger.total.delivered).toBe(sent)
  }, 60_000)
})

async function begin(outputs: object): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'shadow-'))
  web = await freePort()
  gateway = createGateway(
    {
      gateway: { admin: { port: 0 }, logLevel: 'error' },
      transports: { web: { plugin: 'http', options: { port: web } } },
      inputs: {
        logs: { plugin: 'logs', from: { transport: 'web', path: '/logs' } },
        collectd: { plugin: 'collectd', from: { transport: 'web', path: '/collectd' } },
      },
      outputs,
    },
    { folder },
  )
  const running = gateway
  await running.start()
  await until('all to be ready', () => running.registry.view().every(({ state }) => state === 'ready'))
}

/** Sends one thing after the other while outputs are swapped for themselves, each with a shadow; returns how many were sent. */
async function duringShadows(names: readonly string[], send: (i: number) => Promise<void>): Promise<number> {
  const { reconciler } = gateway!
  let sent = 0
  let sending = true
  const work = (async () => {
    while (sending) await send(sent++)
  })()
  for (const name of names) {
    const plugin = name === 'alerts' ? 'alertmanager' : name
    const change = reconciler.swap(name, { kind: 'installed', plugin }, { shadowMs: SHADOW_MS })
    await change.done
    const { outcome, steps } = change.view()
    expect([name, outcome, steps[0]!.note]).toEqual([
      name,
      'succeeded',
      expect.stringMatching(/^in shadow for 0.4 s: [1-9]\d* records were tried, all came out alike$/),
    ])
  }
  sending = false
  await work
  return sent
}

async function post(path: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`http://127.0.0.1:${web}/${path}`, { method: 'POST', body, headers })
  await answer.arrayBuffer()
  expect(answer.status).toBe(200)
}

function metric(id: number): string {
  const names = { host: 'a', plugin: 'ledger', plugin_instance: '', type: 'gauge', type_instance: 'id' }
  return JSON.stringify([
    { ...names, values: [id], dstypes: ['gauge'], dsnames: ['value'], time: 1795167248, interval: 10 },
  ])
}

function notification(i: number): string {
  const labels = { alertname: 'collectd_load', instance: `h${i}`, severity: 'failure' }
  return JSON.stringify([{ labels, annotations: { summary: 'load' }, startsAt: new Date().toISOString() }])
}
