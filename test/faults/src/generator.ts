import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import type { ChannelModel, ConfirmChannel } from 'amqplib'
import { until } from '../../e2e/src/peers/until.ts'
import { lineOf } from './line.ts'

const TICK_MS = 20
const CONFIRM_DEADLINE_MS = 20_000

/** What publishes lines at a steady pace, each with an id of its own, and knows which of them the broker has. */
export interface Generator {
  /** Ids that the broker has confirmed: each has to arrive. */
  readonly confirmed: ReadonlySet<number>
  /** Ids whose publisher's connection ended before they were confirmed: each may arrive. They are not published again. */
  readonly uncertain: ReadonlySet<number>
  /** Publishes no more; resolves when each id is one or the other. */
  stop(): Promise<void>
}

export interface GeneratorOptions {
  readonly url: string
  readonly queue: string
  readonly perSecond: number
  readonly lineBytes: number
}

/** Starts to publish; a lost connection is made anew. */
export function startGenerator({ url, queue, perSecond, lineBytes }: GeneratorOptions): Generator {
  const confirmed = new Set<number>()
  const uncertain = new Set<number>()
  const pending = new Set<number>()
  let nextId = 0
  let stopped = false
  const running = run()

  async function run(): Promise<void> {
    while (!stopped) {
      const model = await connect(url, { timeout: 2000 }).catch(() => undefined)
      if (model === undefined) {
        await delay(200)
        continue
      }
      await publish(model).catch(() => undefined)
      for (const id of pending) uncertain.add(id)
      pending.clear()
      await model.close().catch(() => undefined)
    }
  }

  async function publish(model: ChannelModel): Promise<void> {
    let lost = false
    model.on('error', () => undefined)
    model.on('close', () => (lost = true))
    const channel = await model.createConfirmChannel()
    channel.on('error', () => undefined)
    channel.on('close', () => (lost = true))
    const firstId = nextId
    const start = performance.now()
    while (!stopped && !lost) {
      const due = firstId + Math.floor(((performance.now() - start) / 1000) * perSecond)
      while (nextId < due && !lost) send(channel, nextId++)
      await delay(TICK_MS)
    }
    await until('all to be confirmed', () => lost || pending.size === 0, CONFIRM_DEADLINE_MS)
  }

  function send(channel: ConfirmChannel, id: number): void {
    pending.add(id)
    // Different by a millisecond each: a store may take equal lines of one time for one.
    const body = lineOf(id, Date.now() - 600_000 + (id % 600_000), lineBytes)
    channel.sendToQueue(queue, body, { persistent: true, contentType: 'application/json' }, (error) => {
      if (error === null && pending.delete(id)) confirmed.add(id)
    })
  }

  return {
    confirmed,
    uncertain,
    async stop() {
      stopped = true
      await running
    },
  }
}
