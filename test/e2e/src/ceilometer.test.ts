import { connect } from 'amqplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { publishWithCeilometer } from './peers/ceilometer.ts'
import { freePorts } from './peers/ports.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { untilLines } from './records.ts'
import type { Line } from './records.ts'

const SAMPLES = 20
const EVENTS = 3

describeWith(['rabbitmq', 'ceilometer'], "ceilometer's own publishers", () => {
  let broker: RabbitMq
  let gateway: GatewayProcess
  let ports: { listener: number; web: number; udp: number; tcp: number }

  beforeAll(async () => {
    broker = await startRabbitMq()
    const connection = await connect(broker.url)
    const channel = await connection.createChannel()
    // As oslo.messaging declares them, so that either may come first.
    for (const queue of ['cloud1-metering.sample', 'cloud1-event.sample'])
      await channel.assertQueue(queue, { durable: false })
    await connection.close()
    const [listener, web, udp, tcp] = (await freePorts(4)) as [number, number, number, number]
    ports = { listener, web, udp, tcp }
    gateway = await startGateway(`
transports:
  bus: { plugin: amqp, options: { url: "${broker.url}" } }
  direct: { plugin: amqp1, options: { listen: { host: 127.0.0.1, port: ${listener} } } }
  web: { plugin: http, options: { port: ${web} } }
  datagrams: { plugin: socket, options: { protocol: udp, port: ${udp} } }
  frames: { plugin: socket, options: { protocol: tcp, port: ${tcp}, framing: length64le } }
inputs:
  rabbit-samples: { plugin: ceilometer, from: { transport: bus, queue: cloud1-metering.sample } }
  rabbit-events: { plugin: ceilometer, from: { transport: bus, queue: cloud1-event.sample } }
  by-amqp1: { plugin: ceilometer, from: { transport: direct, address: "openstack.org/om/notify/anycast/ceilometer/*" } }
  by-http: { plugin: ceilometer, from: { transport: web, path: /ceilometer } }
  by-udp: { plugin: ceilometer, from: { transport: datagrams } }
  by-tcp: { plugin: ceilometer, from: { transport: frames } }
outputs:
  rabbit: { plugin: file, from: [rabbit-samples, rabbit-events], options: { path: rabbit.ndjson } }
  to-direct: { plugin: file, from: [by-amqp1], options: { path: direct.ndjson } }
  to-web: { plugin: file, from: [by-http], options: { path: web.ndjson } }
  to-datagrams: { plugin: file, from: [by-udp], options: { path: datagrams.ndjson } }
  to-frames: { plugin: file, from: [by-tcp], options: { path: frames.ndjson } }
`)
    await gateway.ready()
  }, 120_000)

  afterAll(async () => {
    await Promise.all([gateway?.remove(), broker?.stop()])
  })

  test('notifier:// over RabbitMQ', async () => {
    await publishWithCeilometer({
      transport: `rabbit://guest:guest@127.0.0.1:${broker.port}/`,
      publishers: ['notifier://?topic=cloud1-metering'],
      samples: SAMPLES,
    })
    await publishWithCeilometer({
      transport: `rabbit://guest:guest@127.0.0.1:${broker.port}/`,
      publishers: ['notifier://?topic=cloud1-event'],
      events: EVENTS,
    })
    const lines = await untilLines(gateway, 'rabbit.ndjson', SAMPLES + EVENTS)
    expectSamples(lines, { publisher: 'telemetry.publisher.controller-0' })
    expectEvents(lines, { publisher: 'telemetry.publisher.controller-0' })
  }, 90_000)

  test('notifier:// over AMQP 1.0, straight into the gateway', async () => {
    const address = `notifier://user:password@127.0.0.1:${ports.listener}/?driver=amqp`
    await publishWithCeilometer({ publishers: [`${address}&topic=cloud1-metering`], samples: SAMPLES })
    await publishWithCeilometer({ publishers: [`${address}&topic=cloud1-event`], events: EVENTS })
    const lines = await untilLines(gateway, 'direct.ndjson', SAMPLES + EVENTS)
    expectSamples(lines, { publisher: 'telemetry.publisher.controller-0' })
    expectEvents(lines, { publisher: 'telemetry.publisher.controller-0' })
  }, 90_000)

  test('http://', async () => {
    const publishers = [`http://127.0.0.1:${ports.web}/ceilometer`]
    await publishWithCeilometer({ publishers, samples: SAMPLES, events: EVENTS })
    // Its batches of samples are posted once for each sample: what comes twice stays twice.
    const lines = await untilLines(gateway, 'web.ndjson', SAMPLES + EVENTS)
    expectSamples(lines, {})
    expectEvents(lines, {})
  }, 60_000)

  test('udp:// and tcp://, as msgpack', async () => {
    const publishers = [`udp://127.0.0.1:${ports.udp}`, `tcp://127.0.0.1:${ports.tcp}`]
    await publishWithCeilometer({ publishers, samples: SAMPLES })
    expectSamples(await untilLines(gateway, 'datagrams.ndjson', SAMPLES), {})
    expectSamples(await untilLines(gateway, 'frames.ndjson', SAMPLES), { publisher: 'controller-0' })
  }, 60_000)
})

function expectSamples(lines: readonly Line[], labels: object): void {
  const samples = lines.filter(({ signal }) => signal === 'metric')
  const values = new Map(samples.map(({ labels: own, value }) => [(own as { cpu: string }).cpu, value]))
  const expected = Array.from({ length: SAMPLES }, (_, i) => [`vm-${i}`, 1000 + i] as const)
  expect(values).toEqual(new Map(expected))
  expect(samples[0]).toMatchObject({
    name: 'ceilometer_cpu',
    type: 'counter',
    labels: {
      type: 'cpu',
      counter: 'cpu',
      project: 'project-1',
      user: 'user-1',
      unit: 'ns',
      resource: 'vm-0',
      vm_instance: 'compute-0',
      resource_name: 'my "vm" 0:instance-00000000',
      ...labels,
    },
  })
  expect(Date.now() - (samples[0]!['timeMs'] as number)).toBeLessThan(60_000)
}

function expectEvents(lines: readonly Line[], fields: object): void {
  const events = lines.filter(({ signal }) => signal === 'event')
  expect(new Set(events.map(({ id }) => id))).toEqual(
    new Set(Array.from({ length: EVENTS }, (_, i) => `event-${i}`)),
  )
  expect(events[0]).toMatchObject({
    index: 'ceilometer_image',
    timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    labels: { name: 'cirros', ratio: 0.5, deleted_at: '2026-01-02T03:04:05' },
    annotations: { source_type: 'ceilometer', processed_by: 'sg' },
    ...fields,
  })
}
