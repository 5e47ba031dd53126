import { connect } from 'amqplib'
import { afterEach, beforeAll, afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { startElasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import type { Elasticsearch } from '@smart-gateway/stand-ins/elasticsearch'
import { startLoki } from '@smart-gateway/stand-ins/loki'
import type { Loki } from '@smart-gateway/stand-ins/loki'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

const RETRY = 'retry: { initial: 50ms, max: 200ms }'
const nowIso = (i: number) => new Date(Date.now() - 60_000 + i).toISOString()

describe('logs and events over HTTP to Elasticsearch and Loki, which are in trouble', () => {
  let elasticsearch: Elasticsearch
  let loki: Loki
  let gateway: GatewayProcess
  let web: number

  afterEach(async () => {
    await gateway?.remove()
    await Promise.all([elasticsearch?.close(), loki?.close()])
  })

  async function start(lokiOptions = ''): Promise<void> {
    ;[elasticsearch, loki, web] = await Promise.all([startElasticsearch(), startLoki(), freePort()])
    gateway = await startGateway(`
transports: { web: { plugin: http, options: { port: ${web} } } }
inputs:
  logs: { plugin: logs, from: { transport: web, path: /logs } }
  collectd: { plugin: collectd, from: { transport: web, path: /collectd } }
outputs:
  elasticsearch: { plugin: elasticsearch, ${RETRY}, options: { node: "${elasticsearch.url}" } }
  loki: { plugin: loki, ${RETRY}, options: { url: "${loki.url}"${lokiOptions} } }
`)
    await gateway.ready()
  }

  const line = (i: number, host = 'compute-0') =>
    JSON.stringify({ '@timestamp': nowIso(i), host, severity: '6', facility: 'daemon', message: `line ${i}` })

  function post(path: string, body: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${web}/${path}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    })
  }

  test('503, 429 of single documents, and a hung-up push: nothing is missing, and each document is there once', async () => {
    await start()
    const unavailable = elasticsearch.fail({ status: 503, times: 2 })
    const busy = elasticsearch.fail({
      items: (_, n) =>
        n % 7 === 0
          ? { status: 429, type: 'es_rejected_execution_exception', reason: 'queue is full' }
          : undefined,
      times: 2,
    })
    const limited = loki.fail({ status: 429, headers: { 'retry-after': '1' }, times: 1 })
    const cut = loki.fail({ hangUp: 'mid', times: 1 })
    const messages = Array.from({ length: 300 }, (_, i) => line(i))
    const answer = await post('logs', messages.join('\n'))
    expect([answer.status, unavailable.hits, busy.hits, limited.hits, cut.hits]).toEqual([200, 2, 2, 1, 1])
    const texts = messages.map((_, i) => `line ${i}`)
    expect(
      elasticsearch
        .documents()
        .map(({ source }) => source['message'])
        .toSorted(),
    ).toEqual(texts.toSorted())
    // One stream, in the order in which they came; what Loki stored before it hung up came again and is known to it.
    expect(loki.streams()).toHaveLength(1)
    expect(loki.streams()[0]!.entries.map((entry) => entry.line)).toEqual(texts)
  }, 30_000)

  test('a document that does not fit its index is refused with the reason; the others are stored', async () => {
    await start()
    const notification = (i: number, labels: object) => [
      {
        labels: { alertname: 'collectd_load', instance: `h${i}`, ...labels },
        annotations: {},
        startsAt: nowIso(i),
      },
    ]
    expect((await post('collectd', JSON.stringify(notification(1, { size: 5 })))).status).toBe(200)
    expect((await post('collectd', JSON.stringify(notification(2, { size: 'large' })))).status).toBe(400)
    expect((await post('collectd', JSON.stringify(notification(3, { size: 6 })))).status).toBe(200)
    expect(elasticsearch.documents('collectd_load').map(({ source }) => source['publisher'])).toEqual([
      'h1',
      'h3',
    ])
    expect(loki.entries).toHaveLength(3)
    expect(gateway.stderr()).toMatch(/elasticsearch.*refused for good:.*document_parsing_exception/)
  }, 30_000)

  test('a stream that Loki refuses does not sink the rest', async () => {
    await start(', labels: [publisher]')
    const old = JSON.stringify({
      '@timestamp': '2001-01-01T00:00:00Z',
      host: 'old',
      severity: '6',
      message: 'too old',
    })
    const answer = await post('logs', [line(1), old, line(2, 'compute-1')].join('\n'))
    expect(answer.status).toBe(400)
    expect(loki.entries.map((entry) => entry.line).toSorted()).toEqual(['line 1', 'line 2'])
    expect(elasticsearch.documents()).toHaveLength(3)
  }, 30_000)

  test('while a store answers with a web page, health says why, and the records wait', async () => {
    await start()
    const page = loki.fail({ html: '<html>502 Bad Gateway</html>' })
    const answer = post('logs', line(1))
    const reason = await until('loki to be degraded', async () => {
      const { state, reason } = await gateway.instance('loki')
      return state === 'degraded' && reason
    })
    expect(reason).toMatch(/502|HTML|not Loki/i)
    expect(page.hits).toBeGreaterThan(0)
    page.stop()
    expect((await answer).status).toBe(200)
    expect(loki.entries.map((entry) => entry.line)).toEqual(['line 1'])
    await until('loki to be ready', async () => (await gateway.instance('loki')).state === 'ready')
  }, 30_000)

  test('a store that is away at the start is found when it comes', async () => {
    const port = await freePort()
    web = await freePort()
    gateway = await startGateway(`
transports: { web: { plugin: http, options: { port: ${web} } } }
inputs: { logs: { plugin: logs, from: { transport: web, path: /logs } } }
outputs: { elasticsearch: { plugin: elasticsearch, ${RETRY}, options: { node: "http://127.0.0.1:${port}" } } }
`)
    await until('it to say that it is away', async () => {
      const { state, reason } = await gateway
        .instance('elasticsearch')
        .catch(() => ({ state: '', reason: '' }))
      return state === 'failed' && /ECONNREFUSED/.test(reason ?? '')
    })
    elasticsearch = await startElasticsearch({ port })
    loki = await startLoki()
    await gateway.ready()
    expect((await post('logs', line(1))).status).toBe(200)
    expect(elasticsearch.documents()).toHaveLength(1)
  }, 40_000)
})

describeWith(
  ['rabbitmq'],
  'ceilometer events through RabbitMQ to Elasticsearch, with the gateway killed in between',
  () => {
    const EVENTS = 3000
    let broker: RabbitMq
    let elasticsearch: Elasticsearch

    beforeAll(async () => {
      ;[broker, elasticsearch] = await Promise.all([startRabbitMq(), startElasticsearch()])
    }, 60_000)
    afterAll(() => Promise.all([broker?.stop(), elasticsearch?.close()]))

    test('each event is one document, those that came twice too', async () => {
      const connection = await connect(broker.url)
      const channel = await connection.createConfirmChannel()
      await channel.assertQueue('event.sample', { durable: true })
      for (let i = 0; i < EVENTS; i++)
        channel.sendToQueue('event.sample', eventMessage(i), { persistent: true })
      await channel.waitForConfirms()
      await connection.close()

      // Slow enough to be caught between the store's yes and the acknowledgement.
      const slow = elasticsearch.fail({ delayMs: 30 })
      let gateway = await startGateway(`
transports: { bus: { plugin: amqp, options: { url: "${broker.url}" } } }
inputs: { ceilometer: { plugin: ceilometer, from: { transport: bus, queue: event.sample, prefetch: 200 } } }
outputs: { elasticsearch: { plugin: elasticsearch, options: { node: "${elasticsearch.url}" } } }
`)
      onTestFinished(() => gateway.remove())
      for (const share of [0.2, 0.5, 0.8]) {
        await until('some to be stored', () => elasticsearch.documents().length > EVENTS * share, 30_000)
        gateway.kill('SIGKILL')
        gateway = await gateway.again()
      }
      slow.stop()
      await until('all to be stored', () => elasticsearch.documents().length >= EVENTS, 60_000)
      await until(
        'the queue to be empty',
        async () =>
          (await gateway.metric('smart_gateway_input_messages_in_flight{component="ceilometer"}')) === 0,
      )
      const documents = elasticsearch.documents()
      expect(documents.map(({ id }) => id).toSorted()).toEqual(
        Array.from({ length: EVENTS }, (_, i) => `event-${i}`).toSorted(),
      )
      expect(documents.filter(({ version }) => version !== 1)).toEqual([])
      // The kills did make some come twice: Elasticsearch knew their ids.
      expect(
        elasticsearch.requests.reduce((items, request) => items + documentsIn(request.body), 0),
      ).toBeGreaterThan(EVENTS)
    }, 150_000)
  },
)

function eventMessage(i: number): Buffer {
  const message = {
    message_id: `message-${i}`,
    publisher_id: 'telemetry.publisher.controller-0',
    event_type: 'event',
    priority: 'SAMPLE',
    payload: [
      {
        message_id: `event-${i}`,
        event_type: 'image.delete',
        generated: '2026-03-06T14:13:29.497096',
        traits: [['size', 2, i]],
      },
    ],
    timestamp: '2026-03-06 14:13:30.057411',
  }
  return Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': JSON.stringify(message) }))
}

function documentsIn(body: Buffer): number {
  return body
    .toString()
    .split('\n')
    .filter((text) => text.startsWith('{"create"')).length
}
