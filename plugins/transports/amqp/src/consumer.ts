import type { Channel, ConsumeMessage, Message as AmqpMessage } from 'amqplib'
import type { Intake, Message, PluginError } from '@smart-gateway/sdk'
import { Acks } from './acks.ts'
import type { Ack } from './acks.ts'

const ACK_EVERY = 100
const ACK_INTERVAL_MS = 50
/** A message that is given back waits this long, so that it does not spin between broker and gateway. */
const RETURN_DELAY_MS = 1000
const CANCEL_DEADLINE_MS = 2000

/** Messages that are acknowledged in one go: a quarter of a small prefetch, for later would starve the broker's credit. */
export function ackEveryOf(prefetch: number): number {
  return Math.min(ACK_EVERY, Math.ceil(prefetch / 4))
}

/** What a consumer consumes, and whom it tells. */
export interface Consumption {
  readonly channel: Channel
  readonly queue: string
  readonly prefetch: number
  /** Its name in the broker's listings. */
  readonly tag: string
  readonly intake: Intake
  /** The broker ended the consumer. */
  lost(error: Error): void
  /** It was stopped, and every message that it delivered has its fate, which was sent. */
  finished(): void
}

/** One channel's consumer: delivers, and sends what becomes of the messages. */
export interface Consumer {
  start(): Promise<void>
  /** Resolves when no further message will be delivered; fates are still sent. Calling it twice is fine. */
  stop(): Promise<void>
  /** Sends what is due and falls silent. */
  end(): void
}

/** Makes a consumer that does not consume yet. */
export function createConsumer({
  channel,
  queue,
  prefetch,
  tag,
  intake,
  lost,
  finished,
}: Consumption): Consumer {
  const acks = new Acks()
  const ackEvery = ackEveryOf(prefetch)
  const reference = { fields: { deliveryTag: 0 } } as AmqpMessage
  let unreported = 0
  let toReturn: number[] = []
  let ackTimer: NodeJS.Timeout | undefined
  let returnTimer: NodeJS.Timeout | undefined
  let starting: Promise<unknown> | undefined
  let stopping: Promise<void> | undefined
  let deaf = false
  let ended = false

  function onMessage(message: ConsumeMessage | null): void {
    if (message === null)
      return lost(new Error('the broker cancelled the consumer: the queue was deleted or moved'))
    if (deaf) return // The broker takes it back with the channel.
    const { deliveryTag } = message.fields
    acks.delivered(deliveryTag)
    void intake.deliver(toMessage(message, queue)).then(
      () => settle(deliveryTag),
      (error: PluginError) => refuse(deliveryTag, error),
    )
  }

  function settle(deliveryTag: number): void {
    if (ended) return
    acks.settled(deliveryTag)
    afterFate()
  }

  function refuse(deliveryTag: number, error: PluginError): void {
    if (ended) return
    if (error.retryable !== false) {
      toReturn.push(deliveryTag)
      if (stopping !== undefined) giveBack()
      else returnTimer ??= setTimeout(giveBack, RETURN_DELAY_MS)
      return
    }
    acks.refused(deliveryTag)
    send(() => channel.reject(pointAt(deliveryTag), false))
    afterFate()
  }

  function giveBack(): void {
    if (ended) return
    clearTimeout(returnTimer)
    returnTimer = undefined
    for (const deliveryTag of toReturn) {
      acks.refused(deliveryTag)
      send(() => channel.nack(pointAt(deliveryTag), false, true))
    }
    toReturn = []
    afterFate()
  }

  function afterFate(): void {
    if (deaf && acks.undecided === 0) {
      end()
      finished()
      return
    }
    if (++unreported >= ackEvery) report(acks.due())
    arm()
  }

  function arm(): void {
    if (acks.waiting && !ended) {
      ackTimer ??= setTimeout(() => {
        ackTimer = undefined
        report(acks.overdue())
        arm()
      }, ACK_INTERVAL_MS)
    } else if (ackTimer !== undefined) {
      clearTimeout(ackTimer)
      ackTimer = undefined
    }
  }

  function report(due: readonly Ack[]): void {
    unreported = 0
    for (const { tag: deliveryTag, multiple } of due) send(() => channel.ack(pointAt(deliveryTag), multiple))
  }

  function send(frame: () => void): void {
    if (ended) return
    try {
      frame()
    } catch {
      // amqplib throws on a channel that is no more. Its messages are the broker's again, and the link tells of its end.
      silence()
    }
  }

  function end(): void {
    report(acks.last())
    silence()
  }

  function silence(): void {
    ended = true
    deaf = true
    clearTimeout(ackTimer)
    clearTimeout(returnTimer)
  }

  // amqplib reads nothing but the tag, and that at once.
  function pointAt(deliveryTag: number): AmqpMessage {
    reference.fields.deliveryTag = deliveryTag
    return reference
  }

  async function cancel(): Promise<void> {
    if (starting !== undefined && !ended) {
      const cancelled = starting.then(() => channel.cancel(tag))
      await within(CANCEL_DEADLINE_MS, cancelled)
    }
    deaf = true
    giveBack()
  }

  return {
    end,

    async start() {
      starting = channel.consume(queue, onMessage, { consumerTag: tag })
      await starting
    },

    stop() {
      return (stopping ??= cancel())
    },
  }
}

// Two shapes at most, for the sake of what reads them. The body is a slice of what the socket read, not a copy.
function toMessage({ content, fields, properties }: ConsumeMessage, address: string): Message {
  const { redelivered, exchange, routingKey } = fields
  const headers = { exchange, routingKey, properties }
  const contentType = properties.contentType as string | undefined
  return contentType === undefined
    ? { body: content, address, headers, redelivered }
    : { body: content, contentType, address, headers, redelivered }
}

/** Waits for a promise to be settled, either way, but no longer than that. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise.then(ignore, ignore), late])
  clearTimeout(timer)
}

function ignore(): void {}
