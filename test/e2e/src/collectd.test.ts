import { connect } from 'amqplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { amqpWriter, httpWriter, startCollectd } from './peers/collectd.ts'
import type { Collectd } from './peers/collectd.ts'
import { freePorts } from './peers/ports.ts'
import { startPrometheus } from './peers/prometheus.ts'
import type { Prometheus } from './peers/prometheus.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const NAMES = [
  'collectd_cpu_total',
  'collectd_memory',
  'collectd_load_shortterm',
  'collectd_load_midterm',
  'collectd_load_longterm',
]

describeWith(['rabbitmq', 'collectd', 'prometheus'], 'a real collectd', () => {
  let broker: RabbitMq
  let gateway: GatewayProcess
  let prometheus: Prometheus
  let web: number
  const collectds: Collectd[] = []

  beforeAll(async () => {
    broker = await startRabbitMq()
    const connection = await connect(broker.url)
    const channel = await connection.createChannel()
    await channel.assertQueue('collectd', { durable: false })
    const [webPort, page] = (await freePorts(2)) as [number, number]
    web = webPort
    gateway = await startGateway(`
transports:
  bus: { plugin: amqp, options: { url: "${broker.url}" } }
  web: { plugin: http, options: { port: ${web} } }
inputs:
  over-amqp: { plugin: collectd, from: { transport: bus, queue: collectd } }
  over-http: { plugin: collectd, from: { transport: web, path: /collectd } }
outputs:
  prometheus: { plugin: prometheus, options: { port: ${page} } }
  notifications: { plugin: file, signals: [event], options: { path: ./notifications.ndjson } }
`)
    await gateway.ready()
    prometheus = await startPrometheus({ targets: [`127.0.0.1:${page}`] })
    collectds.push(await startCollectd({ hostname: 'by-amqp', write: [amqpWriter({ port: broker.port })] }))
    // collectd declares its exchange when it connects; the queue is bound as an operator would bind it.
    await until('collectd to declare its exchange', () => exchangeExists(broker.url, 'collectd'), 30_000)
    await channel.bindQueue('collectd', 'collectd', '#')
    await connection.close()
  }, 120_000)

  afterAll(async () => {
    await Promise.all([
      ...collectds.map((one) => one.stop()),
      prometheus?.stop(),
      gateway?.remove(),
      broker?.stop(),
    ])
  })

  test('its cpu, memory and load come over AMQP to Prometheus under the right names', async () => {
    await expectNames(prometheus, 'by-amqp')
  }, 60_000)

  test('they come with write_http, and its notifications as events', async () => {
    const threshold = `<Plugin "load">
  <Type "load">
    DataSource "shortterm"
    WarningMax -1
    Persist true
  </Type>
</Plugin>`
    const url = `http://127.0.0.1:${web}/collectd`
    collectds.push(
      await startCollectd({
        hostname: 'by-http',
        write: [httpWriter({ url, lines: ['Notifications true'] })],
        threshold,
      }),
    )
    await expectNames(prometheus, 'by-http')
    const event = await until(
      'a notification in the file',
      async () => {
        const text = await readFile(join(gateway.folder, 'notifications.ndjson'), 'utf8')
        return text.includes('\n') && (JSON.parse(text.split('\n')[0]!) as Record<string, unknown>)
      },
      30_000,
    )
    expect(event).toMatchObject({
      signal: 'event',
      index: 'collectd_load',
      severity: 'warning',
      publisher: 'by-http',
      labels: { alertname: 'collectd_load', instance: 'by-http', severity: 'WARNING', service: 'collectd' },
      annotations: { source_type: 'collectd', processed_by: 'sg', DataSource: 'shortterm' },
    })
  }, 90_000)
})

async function expectNames(prometheus: Prometheus, host: string): Promise<void> {
  const names = await until(
    `the metrics of ${host} in Prometheus`,
    async () => {
      const samples = await prometheus.query(`{host="${host}"}`)
      const found = new Set(samples.map(({ metric }) => metric['__name__']!))
      return NAMES.every((name) => found.has(name)) && found
    },
    45_000,
  )
  expect([...names]).toEqual(expect.arrayContaining(NAMES))
  const [memory] = await prometheus.query(`collectd_memory{host="${host}",type_instance="free"}`)
  expect(memory?.metric).toMatchObject({ plugin_instance: 'base' })
  expect(Number(memory?.value[1])).toBeGreaterThan(1_000_000)
}

async function exchangeExists(url: string, exchange: string): Promise<boolean> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  channel.on('error', () => undefined)
  const exists = await channel.checkExchange(exchange).then(
    () => true,
    () => false,
  )
  await connection.close()
  return exists
}
