import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import { until } from '../../e2e/src/peers/until.ts'
import { listOf } from './list.ts'

const TICK_MS = 5
const CONFIRM_DEADLINE_MS = 30_000

/** What publishes messages at a steady pace, numbered from 0, each with the time of its publishing. */
export interface Generator {
  /** How many the broker has confirmed. */
  readonly confirmed: number
  /** Publishes no more; resolves when all are confirmed, with how many that are. */
  stop(): Promise<number>
}

/** Makes queues that live as long as the broker. */
export async function declare(url: string, ...queues: readonly string[]): Promise<void> {
  const model = await connect(url)
  const channel = await model.createChannel()
  for (const queue of queues) await channel.assertQueue(queue, { durable: false })
  await model.close()
}

/** Starts to publish to a queue. A lost connection or a message that is not taken ends the run. */
export async function startGenerator(url: string, queue: string, perSecond: number): Promise<Generator> {
  const model = await connect(url)
  const channel = await model.createConfirmChannel()
  let sent = 0
  let confirmed = 0
  let failure: unknown
  let stopped = false
  const onConfirm = (error: unknown): void => {
    if (error === null) confirmed++
    else failure ??= error
  }
  for (const one of [model, channel]) one.on('error', (error) => (failure ??= error))
  const running = (async () => {
    const start = performance.now()
    while (!stopped && failure === undefined) {
      const due = Math.floor(((performance.now() - start) / 1000) * perSecond)
      for (; sent < due; sent++) {
        const body = JSON.stringify([listOf(sent, performance.timeOrigin + performance.now())])
        channel.sendToQueue(queue, Buffer.from(body), { contentType: 'application/json' }, onConfirm)
      }
      await delay(TICK_MS)
    }
    await until('all to be confirmed', () => failure ?? confirmed === sent, CONFIRM_DEADLINE_MS)
    await model.close()
    if (failure !== undefined) throw failure
  })()
  // It is awaited in the end only.
  running.catch(() => undefined)
  return {
    get confirmed() {
      return confirmed
    },
    async stop() {
      stopped = true
      await running
      return confirmed
    },
  }
}
