import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway } from './gateway-process.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

const MESSAGES = 40_000
const KILLS = 5

describeWith(['rabbitmq'], 'a gateway that is killed in mid-stream', () => {
  let broker: RabbitMq

  beforeAll(async () => {
    broker = await startRabbitMq()
  }, 90_000)

  afterAll(() => broker?.stop())

  test('loses nothing that was acknowledged; what comes twice is no more than what was under way', async () => {
    const connection = await connect(broker.url)
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('ids', { durable: false })
    let gateway = await startGateway(`
transports:
  bus: { plugin: amqp, options: { url: "${broker.url}" } }
inputs:
  collectd: { plugin: collectd, from: { transport: bus, queue: ids, prefetch: 500 } }
outputs:
  file: { plugin: file, options: { path: ./out.ndjson } }
`)
    const file = join(gateway.folder, 'out.ndjson')
    const publishing = publish()
    let written = 0
    /** Ids of messages that a kill left without an acknowledgement. */
    const underWay = new Set<number>()
    for (let kill = 0; kill < KILLS; kill++) {
      await gateway.ready()
      const before = written
      written = await until(
        'records in the file',
        async () => {
          const now = (await readIds(file)).length
          return now > before + 500 && now
        },
        30_000,
      )
      await delay(Math.random() * 200)
      gateway.kill('SIGKILL')
      expect((await gateway.exited).signal).toBe('SIGKILL')
      for (const id of await redeliveredIds(broker.url)) underWay.add(id)
      gateway = await gateway.again()
    }
    await publishing
    await until('every id in the file', async () => new Set(await readIds(file)).size === MESSAGES, 60_000)
    await until('an empty queue', async () => (await channel.checkQueue('ids')).messageCount === 0)
    gateway.kill('SIGTERM')
    expect(await gateway.exited).toEqual({ code: 0, signal: null })

    const ids = await readIds(file)
    const unique = new Set(ids)
    expect(unique.size).toBe(MESSAGES)
    // The kills did hit messages under way, and a message comes twice only when it was one of them.
    expect(underWay.size).toBeGreaterThan(0)
    const seen = new Set<number>()
    const twice = ids.filter((id) => seen.has(id) || void seen.add(id))
    expect(twice.filter((id) => !underWay.has(id))).toEqual([])
    await connection.close()
    await gateway.remove()

    async function publish(): Promise<void> {
      for (let id = 0; id < MESSAGES; id++) {
        channel.sendToQueue('ids', Buffer.from(message(id)), { contentType: 'application/json' })
        if (id % 500 === 499) {
          await channel.waitForConfirms()
          await delay(20)
        }
      }
    }
  }, 180_000)
})

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

/** The ids of what the broker has taken back and will send again: it stands at the queue's head, before what was never sent. */
async function redeliveredIds(url: string): Promise<number[]> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  const ids: number[] = []
  for (;;) {
    const message = await channel.get('ids')
    if (message === false || !message.fields.redelivered) break
    ids.push(...(JSON.parse(message.content.toString()) as { values: number[] }[])[0]!.values)
  }
  // What was looked at goes back to its place with the channel.
  await connection.close()
  return ids
}

/** The ids in the file, in order; a last line that a kill tore does not count. */
async function readIds(file: string): Promise<number[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const id = /"value":(\d+)/.exec(line)?.[1]
    return id === undefined || !line.endsWith('}') ? [] : [Number(id)]
  })
}
