import { createSocket } from 'node:dgram'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { connect } from 'amqplib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ROOT } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

const SWAPS = 10

let folder: string
let gateway: Gateway

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transport-swap-'))
})

afterEach(async () => {
  await gateway?.stop()
  await rm(folder, { recursive: true, force: true })
})

describeWith(['rabbitmq'], 'the connection to RabbitMQ', () => {
  test(`is swapped ${SWAPS} times while the broker sends: every message comes once, none is sent again, order is kept`, async () => {
    const broker = await startRabbitMq()
    try {
      const connection = await connect(broker.url)
      const channel = await connection.createConfirmChannel()
      await channel.assertQueue('ids', { durable: false })
      await begin('amqp', { url: broker.url }, { queue: 'ids', prefetch: 200 })
      const sent = await duringSwaps('amqp', async (id) => {
        channel.sendToQueue('ids', Buffer.from(message(id)))
        if (id % 50 === 0) await channel.waitForConfirms()
      })
      await connection.close()
      expect(await written(sent)).toEqual(Array.from({ length: sent }, (_, id) => id))
      expect(counts()).toMatchObject({ received: sent, settled: sent, returned: 0 })
    } finally {
      await broker.stop()
    }
  }, 120_000)
})

test(`F2: the HTTP transport is swapped ${SWAPS} times under a stream of posts: each is answered with success, none comes twice`, async () => {
  const port = await freePort()
  await begin('http', { port }, { path: '/collectd' })
  const refused: number[] = []
  const sent = await duringSwaps('http', async (id) => {
    const response = await fetch(`http://127.0.0.1:${port}/collectd`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: message(id),
    })
    await response.arrayBuffer()
    if (!response.ok) refused.push(response.status)
  })
  expect(refused).toEqual([])
  expect(await written(sent)).toEqual(Array.from({ length: sent }, (_, id) => id))
}, 60_000)

test(`a UDP socket is swapped ${SWAPS} times under a stream of datagrams: none is missed`, async () => {
  const port = await freePort()
  await begin('socket', { protocol: 'udp', port, receiveBufferBytes: 200_000 }, {})
  const sender = createSocket('udp4')
  const sent = await duringSwaps('socket', async (id) => {
    await new Promise<void>((resolve, reject) =>
      sender.send(message(id), port, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    )
    if (id % 20 === 0) await delay(1)
  })
  sender.close()
  expect(await written(sent)).toEqual(Array.from({ length: sent }, (_, id) => id))
}, 60_000)

async function begin(plugin: string, options: object, subscription: object): Promise<void> {
  gateway = createGateway(
    {
      gateway: { admin: { port: 0 }, logLevel: 'error' },
      transports: { bus: { plugin, options } },
      inputs: { collectd: { plugin: 'collectd', from: { transport: 'bus', ...subscription } } },
      outputs: { file: { plugin: 'file', options: { path: './out.ndjson', fsync: 'never' } } },
    },
    { folder },
  )
  await gateway.start()
  await until('everything to be ready', () => gateway.registry.view().every(({ state }) => state === 'ready'))
}

/** Sends one message after the other while the transport is swapped for itself; returns how many were sent. */
async function duringSwaps(plugin: string, send: (id: number) => Promise<void>): Promise<number> {
  let sent = 0
  let swapping = true
  const sending = (async () => {
    while (swapping) await send(sent++)
  })()
  for (let i = 2; i <= SWAPS + 1; i++) {
    const swapped = await gateway.swap('bus', join(ROOT, 'plugins/transports', plugin))
    expect(swapped.generation).toBe(i)
    const before = sent
    await until('some messages', () => sent > before + 20)
  }
  swapping = false
  await sending
  return sent
}

/** The ids that were stored, as they lie in the file, once all are there. */
async function written(sent: number): Promise<readonly number[]> {
  await until('every message to be settled', () => counts().settled >= sent, 30_000)
  return (await readFile(join(folder, 'out.ndjson'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly value: number }).value)
}

function counts(): Readonly<Record<'received' | 'settled' | 'returned', number>> {
  return gateway.registry.inputs[0]!.intake.counts
}

function message(id: number): string {
  return JSON.stringify([
    {
      values: [id],
      dstypes: ['gauge'],
      dsnames: ['value'],
      time: 1795167248,
      interval: 10,
      host: 'generator',
      plugin: 'ledger',
      plugin_instance: '',
      type: 'gauge',
      type_instance: 'id',
    },
  ])
}
