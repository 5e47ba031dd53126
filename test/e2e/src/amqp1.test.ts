import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'amqplib'
import rhea from 'rhea'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ROOT, startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { readPage } from './page.ts'
import { amqp1Writer, startCollectd } from './peers/collectd.ts'
import type { Collectd } from './peers/collectd.ts'
import { freePort, freePorts } from './peers/ports.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'
import { linesOf, untilLines } from './records.ts'

const THRESHOLD = `<Plugin "load">
  <Type "load">
    DataSource "shortterm"
    WarningMax -1
    Persist true
  </Type>
</Plugin>`

describeWith(['collectd'], "a real collectd's amqp1 plugin, straight into the gateway", () => {
  let gateway: GatewayProcess
  let collectd: Collectd
  let pageUrl: string

  beforeAll(async () => {
    const [listener, page] = (await freePorts(2)) as [number, number]
    pageUrl = `http://127.0.0.1:${page}/metrics`
    gateway = await startGateway(`
transports:
  direct: { plugin: amqp1, options: { listen: { host: 127.0.0.1, port: ${listener} } } }
inputs:
  telemetry: { plugin: collectd, from: { transport: direct, address: collectd/telemetry } }
  notifications: { plugin: collectd, from: { transport: direct, address: collectd/notify } }
outputs:
  prometheus: { plugin: prometheus, options: { port: ${page} } }
  events: { plugin: file, signals: [event], options: { path: events.ndjson } }
`)
    await gateway.ready()
    collectd = await startCollectd({
      hostname: 'by-amqp1',
      write: [amqp1Writer({ port: listener })],
      threshold: THRESHOLD,
    })
  }, 60_000)

  afterAll(async () => {
    await Promise.all([collectd?.stop(), gateway?.remove()])
  })

  test('its metrics are on the page', async () => {
    const memory = 'collectd_memory{host="by-amqp1",plugin_instance="base",type_instance="free"}'
    const value = await until(memory, async () => (await readPage(pageUrl)).get(memory), 30_000)
    expect(value).toBeGreaterThan(1_000_000)
    await until(
      'its counters',
      async () =>
        [...(await readPage(pageUrl)).keys()].some((name) => name.startsWith('collectd_cpu_total{')),
      30_000,
    )
  }, 45_000)

  test('its notifications are events', async () => {
    const [event] = await untilLines(gateway, 'events.ndjson', 1)
    expect(event).toMatchObject({
      index: 'collectd_load',
      severity: 'warning',
      publisher: 'by-amqp1',
      labels: { alertname: 'collectd_load', severity: 'WARNING' },
    })
  }, 45_000)

  test('it is told of the acceptance of each, and stays connected', async () => {
    const fates = (fate: string) =>
      gateway.metric(`smart_gateway_input_messages_total{component="telemetry",fate="${fate}"}`)
    await until('a few hundred messages', async () => (await fates('settled')) > 100, 30_000)
    expect([await fates('refused'), await fates('returned')]).toEqual([0, 0])
    expect(collectd.log()).not.toMatch(/amqp1 plugin.*(error|closed|disconnect)/i)
  }, 45_000)
})

test('log lines that come as one AMQP list of strings, as rsyslog batches them, are one record each', async () => {
  const port = await freePort()
  const gateway = await startGateway(`
transports: { direct: { plugin: amqp1, options: { listen: { host: 127.0.0.1, port: ${port} } } } }
inputs: { logs: { plugin: logs, from: { transport: direct, address: rsyslog/logs } } }
outputs: { file: { plugin: file, options: { path: logs.ndjson } } }
`)
  onTestFinished(() => gateway.remove())
  await gateway.ready()
  const file = join(ROOT, 'test/fixtures/logs/rsyslog-json-template.jsonl')
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const connection = rhea.create_container().connect({ host: '127.0.0.1', port, reconnect: false })
  onTestFinished(() => connection.close())
  const sender = connection.open_sender('rsyslog/logs')
  await new Promise<void>((accepted, failed) => {
    sender.once('sendable', () => sender.send({ body: lines }))
    sender.once('accepted', () => accepted())
    sender.once('rejected', () => failed(new Error('the list was rejected')))
  })
  const records = await untilLines(gateway, 'logs.ndjson', lines.length)
  expect(records.map(({ message }) => message)).toEqual(
    lines.map((line) => (JSON.parse(line) as { message: string }).message),
  )
}, 30_000)

describeWith(['rabbitmq'], "RabbitMQ's AMQP 1.0 plugin, with the gateway as its client", () => {
  const MESSAGES = 3000
  let broker: RabbitMq
  let gateway: GatewayProcess

  beforeAll(async () => {
    broker = await startRabbitMq({ plugins: ['rabbitmq_amqp1_0'] })
    await publish(0, 0)
    gateway = await startGateway(`
transports:
  bus: { plugin: amqp1, options: { url: "${broker.url}" } }
inputs:
  collectd: { plugin: collectd, from: { transport: bus, address: /amq/queue/telemetry, prefetch: 200 } }
outputs:
  file: { plugin: file, options: { path: metrics.ndjson, fsync: never } }
`)
    await gateway.ready()
  }, 120_000)

  afterAll(async () => {
    await Promise.all([gateway?.remove(), broker?.stop()])
  })

  /** Publishes samples with the values `from` up to `to` over AMQP 0-9-1. */
  async function publish(from: number, to: number): Promise<void> {
    const connection = await connect(broker.url)
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('telemetry', { durable: true })
    for (let value = from; value < to; value++) {
      const list = {
        values: [value],
        dstypes: ['gauge'],
        dsnames: ['value'],
        host: 'h',
        plugin: 'p',
        type: 't',
      }
      channel.sendToQueue('telemetry', Buffer.from(JSON.stringify([list])), { persistent: true })
    }
    await channel.waitForConfirms()
    await connection.close()
  }

  async function messagesInQueue(): Promise<number> {
    const connection = await connect(broker.url)
    const channel = await connection.createChannel()
    const { messageCount } = await channel.checkQueue('telemetry')
    await connection.close()
    return messageCount
  }

  async function valuesSeen(): Promise<number[]> {
    return (await linesOf(gateway, 'metrics.ndjson')).map(({ value }) => value as number)
  }

  test('every message arrives once and in order, and is accepted', async () => {
    await publish(0, MESSAGES)
    await untilLines(gateway, 'metrics.ndjson', MESSAGES, 60_000)
    expect(await valuesSeen()).toEqual(Array.from({ length: MESSAGES }, (_, i) => i))
    expect(await messagesInQueue()).toBe(0)
  }, 90_000)

  test('after a restart of the broker it is there again, and nothing is missing', async () => {
    await publish(MESSAGES, MESSAGES + 500)
    await broker.restart()
    await publish(MESSAGES + 500, MESSAGES + 1000)
    const wanted = MESSAGES + 1000
    await until(
      'every value to have arrived',
      async () => new Set(await valuesSeen()).size === wanted,
      90_000,
    )
    await until('the queue to be empty', async () => (await messagesInQueue()) === 0, 30_000)
  }, 150_000)
})
