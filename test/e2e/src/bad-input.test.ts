import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'amqplib'
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BAD_BODIES, BAD_QUEUED_BODIES, BAD_REQUESTS, goodBody, goodSample, wideBody } from './bad-bodies.ts'
import type { BadBody } from './bad-bodies.ts'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { inputCounts } from './input-counts.ts'
import { logLines } from './log-lines.ts'
import type { LogLine } from './log-lines.ts'
import { readPage } from './page.ts'
import { freePorts } from './peers/ports.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

const NOTHING = { received: 0, settled: 0, returned: 0, refused: 0, decode_message: 0, decode_element: 0 }

/** Each case has an input of its own, so that its counters begin at 0 and its log line is not held back by another's. */
function ownInput<T extends object>(cases: readonly T[], prefix: string): (T & { input: string })[] {
  return cases.map((one, index) => ({ ...one, input: `${prefix}-${index}` }))
}

const httpBodies = ownInput(BAD_BODIES, 'bad')
const httpRequests = ownInput(BAD_REQUESTS, 'refused')
const amqpBodies = ownInput([...BAD_BODIES, ...BAD_QUEUED_BODIES], 'bad')

describe('bad input over HTTP', () => {
  let gateway: GatewayProcess
  let web: number
  let page: string
  let limitedPage: string

  beforeAll(async () => {
    const [webPort, pagePort, limitedPort] = (await freePorts(3)) as [number, number, number]
    web = webPort
    page = `http://127.0.0.1:${pagePort}/metrics`
    limitedPage = `http://127.0.0.1:${limitedPort}/metrics`
    const inputs = [...httpBodies, ...httpRequests].map(
      ({ input }) => `  ${input}: { plugin: collectd, from: { transport: web, path: /${input} } }`,
    )
    gateway = await startGateway(`
transports:
  web: { plugin: http, options: { port: ${web} } }
inputs:
${inputs.join('\n')}
  mixed: { plugin: collectd, from: { transport: web, path: /mixed } }
  wide: { plugin: collectd, from: { transport: web, path: /wide } }
  many: { plugin: collectd, from: { transport: web, path: /many } }
outputs:
  prometheus: { plugin: prometheus, options: { port: ${pagePort} } }
  limited: { plugin: prometheus, from: [many], options: { port: ${limitedPort}, maxSeries: 5 } }
  events: { plugin: file, signals: [event], options: { path: ./events.ndjson } }
`)
    await gateway.ready()
  })

  afterAll(() => gateway?.remove())

  function post(
    path: string,
    body: string | Buffer,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) {
    return fetch(`http://127.0.0.1:${web}/${path}`, { method: 'POST', headers, body: body as string })
  }

  test.each(httpBodies)('$name', async ({ input, body, error, says }) => {
    const response = await post(input, body)
    const answer = await response.text()
    if (error === 'decode_message') {
      expect(response.status).toBe(400)
      expect(answer).toContain(says)
    } else {
      expect(response.status).toBe(200)
    }

    expect((await post(input, goodBody(input))).status).toBe(200)
    await expectGood(gateway, page, input)
    await expectOneError(gateway, { input, body, error, says })
  })

  test.each(httpRequests)('$name', async ({ input, headers, body, status, says }) => {
    const response = await post(input, body, headers)
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(says)])

    expect((await post(input, goodBody(input))).status).toBe(200)
    await expectGood(gateway, page, input)
    const answers = `smart_gateway_http_responses_total{path="/${input}",status="${status}",component="web"}`
    expect(await gateway.metric(answers)).toBe(1)
    // It never came as far as the input: nothing was decoded, so nothing failed to.
    expect(await inputCounts(gateway, input)).toEqual({ ...NOTHING, received: 1, settled: 1 })
  })

  test('a bad element among good ones is the only one that is missing', async () => {
    const [list, notification] = JSON.parse(goodBody('between')) as object[]
    expect((await post('mixed', JSON.stringify([list, {}, notification]))).status).toBe(200)
    await expectGood(gateway, page, 'between')
    expect(await inputCounts(gateway, 'mixed')).toEqual({
      ...NOTHING,
      received: 1,
      settled: 1,
      decode_element: 1,
    })
  })

  test('a value list of 10,000 values is 10,000 samples', async () => {
    expect((await post('wide', wideBody('wide', 10_000))).status).toBe(200)
    await expectWide(page, 'wide', 10_000)
  })

  test('beyond the limit of series samples are refused and counted, and the page stays valid', async () => {
    expect((await post('many', wideBody('many', 8))).status).toBe(200)
    expect([...(await readPage(limitedPage)).values()]).toEqual([0, 1, 2, 3, 4])
    const refused = 'smart_gateway_prometheus_refused_samples_total{component="limited"}'
    expect(await gateway.metric(refused)).toBe(3)
    const full =
      'holds 5 series, its limit; samples of new ones are refused: raise maxSeries or send fewer series'
    expect(await gateway.instance('limited')).toMatchObject({ state: 'degraded', reason: full })
    expect(linesOf(gateway, 'limited').filter(({ level }) => level === 'warn')).toMatchObject([{ msg: full }])

    // The others are unharmed: the series that it holds go on, and the other output has them all.
    const raised = wideBody('many', 8).replace('[0,1,2', '[10,11,12')
    expect((await post('many', raised)).status).toBe(200)
    expect([...(await readPage(limitedPage)).values()]).toEqual([10, 11, 12, 3, 4])
    await expectWide(page, 'many', 8)
    expect((await fetch(`${gateway.adminUrl}/health/ready`)).status).toBe(200)
  })

  test('the gateway is unharmed by all that', () => expectUnharmed(gateway))
})

describeWith(['rabbitmq'], 'bad input over RabbitMQ', () => {
  let broker: RabbitMq
  let connection: ChannelModel
  let channel: ConfirmChannel
  let gateway: GatewayProcess
  let page: string
  const queues = [...amqpBodies.map(({ input }) => input), 'wide']

  beforeAll(async () => {
    broker = await startRabbitMq()
    connection = await connect(broker.url)
    channel = await connection.createConfirmChannel()
    await channel.assertQueue('dead', { durable: false })
    for (const queue of queues) {
      await channel.assertQueue(queue, {
        durable: false,
        deadLetterExchange: '',
        deadLetterRoutingKey: 'dead',
      })
    }
    const [port] = await freePorts(1)
    page = `http://127.0.0.1:${port}/metrics`
    const inputs = queues.map(
      (queue) => `  ${queue}: { plugin: collectd, from: { transport: bus, queue: ${queue} } }`,
    )
    gateway = await startGateway(`
transports:
  bus: { plugin: amqp, options: { url: "${broker.url}" } }
inputs:
${inputs.join('\n')}
outputs:
  prometheus: { plugin: prometheus, options: { port: ${port} } }
  events: { plugin: file, signals: [event], options: { path: ./events.ndjson } }
`)
    await gateway.ready()
  }, 90_000)

  afterAll(async () => {
    await connection?.close()
    await Promise.all([gateway?.remove(), broker?.stop()])
  })

  async function publish(queue: string, body: string | Buffer, properties: Options.Publish = {}) {
    channel.sendToQueue(queue, Buffer.from(body), { contentType: 'application/json', ...properties })
    await channel.waitForConfirms()
  }

  test.each(amqpBodies)('$name', async ({ input, body, properties = {}, error, says }) => {
    await publish(input, body, properties)
    await publish(input, goodBody(input))
    await expectGood(gateway, page, input)
    await expectOneError(gateway, { input, body, error, says })

    if (error === 'decode_message') {
      const dead = await until('the dead letter', () => channel.get('dead', { noAck: true }))
      expect(dead.content.equals(Buffer.from(body))).toBe(true)
      expect(dead.properties.headers?.['x-death']).toMatchObject([
        { queue: input, reason: 'rejected', count: 1 },
      ])
    }
    // Nothing was put back, and nobody else was rejected.
    expect((await channel.checkQueue(input)).messageCount).toBe(0)
    expect((await channel.checkQueue('dead')).messageCount).toBe(0)
  })

  test('a value list of 10,000 values is 10,000 samples, whatever its content type says', async () => {
    await publish('wide', wideBody('wide', 10_000), { contentType: 'text/plain' })
    await until('the samples', async () => (await readPage(page)).size >= 10_000)
    await expectWide(page, 'wide', 10_000)
  })

  test('the gateway is unharmed by all that, and owes no acknowledgement', async () => {
    await expectUnharmed(gateway)
    for (const queue of queues) expect((await channel.checkQueue(queue)).messageCount).toBe(0)
  })
})

/** A good message went through to both stores. */
async function expectGood(gateway: GatewayProcess, page: string, host: string): Promise<void> {
  await until(`the sample of ${host}`, async () => (await readPage(page)).get(goodSample(host)) === 1)
  const events = await until(`the event of ${host}`, async () => {
    const text = await readFile(join(gateway.folder, 'events.ndjson'), 'utf8')
    const found = text.split('\n').filter((line) => line.includes(`"publisher":"${host}"`))
    return found.length > 0 && found
  })
  expect(events).toHaveLength(1)
}

/** Of two messages the first had exactly one error, and the log says which. */
async function expectOneError(
  gateway: GatewayProcess,
  { input, body, error, says }: Omit<BadBody, 'name'> & { readonly input: string },
): Promise<void> {
  const refused = error === 'decode_message' ? 1 : 0
  const counts = await until('the fate of both messages', async () => {
    const found = await inputCounts(gateway, input)
    return found.settled + found.refused + found.returned === 2 && found
  })
  expect(counts).toEqual({ ...NOTHING, received: 2, settled: 2 - refused, refused, [error]: 1 })
  const warnings = linesOf(gateway, input).filter(({ level }) => level === 'warn')
  expect(warnings).toMatchObject([
    { msg: expect.stringContaining(says) as string, bytes: Buffer.byteLength(body) },
  ])
  expect(warnings[0]!.msg).toMatch(refused === 1 ? /^message refused: / : /^element refused: /)
  expect(warnings[0]!.msg.length).toBeLessThan(350)
}

async function expectWide(page: string, host: string, values: number): Promise<void> {
  const samples = [...(await readPage(page)).keys()].filter((series) => series.includes(`{host="${host}"`))
  expect(samples).toHaveLength(values)
}

async function expectUnharmed(gateway: GatewayProcess): Promise<void> {
  expect((await fetch(`${gateway.adminUrl}/health/ready`)).status).toBe(200)
  const grave = logLines(gateway.stderr()).filter(({ level }) => level === 'error' || level === 'fatal')
  expect(grave).toEqual([])
  for (const output of ['prometheus', 'events'])
    expect(await gateway.metric(`smart_gateway_unaccounted_records{component="${output}"}`)).toBe(0)
  gateway.kill('SIGTERM')
  expect(await gateway.exited).toEqual({ code: 0, signal: null })
}

function linesOf(gateway: GatewayProcess, component: string): LogLine[] {
  return logLines(gateway.stderr()).filter((line) => line.component === component)
}
