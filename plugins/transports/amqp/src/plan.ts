import type { Channel } from 'amqplib'
import { permanent } from '@smart-gateway/sdk'
import type { SubscriptionOptions } from './options.ts'

type Declarations = NonNullable<SubscriptionOptions['declare']>

/** What a subscription needs at the broker. Without flags a thing is only looked up: declaring it otherwise than its maker did ends the channel with 406. */
export interface Plan {
  readonly exchange?: { readonly name: string; readonly flags?: NonNullable<Declarations['exchange']> }
  /** The name is empty when the broker shall choose one. */
  readonly queue: { readonly name: string; readonly flags?: NonNullable<Declarations['queue']> }
  readonly bindingKeys: readonly string[]
}

const OWN_QUEUE = { durable: false, autoDelete: true, exclusive: true, arguments: {} }

/** Turns subscription options into what is to be looked up, made and bound. Throws a permanent error when they contradict each other. */
export function planOf({ queue, exchange, bindingKeys, declare, links }: SubscriptionOptions): Plan {
  const queueFlags = declare?.queue ?? (queue === undefined ? OWN_QUEUE : undefined)
  if (queue === undefined && exchange === undefined) {
    throw permanent(
      'The subscription names neither a queue nor an exchange. Say which queue to consume under "queue".',
    )
  }
  if (exchange === undefined && declare?.exchange !== undefined) {
    throw permanent('"declare.exchange" is given, but no exchange is named. Name it under "exchange".')
  }
  if (links > 1 && queue === undefined) {
    throw permanent('"links" beyond 1 needs a queue that they can share. Name it under "queue".')
  }
  if (links > 1 && queueFlags?.exclusive === true) {
    throw permanent(
      'An exclusive queue has one connection. Set "links" to 1 or "declare.queue.exclusive" to false.',
    )
  }
  return {
    ...(exchange === undefined ? {} : { exchange: { name: exchange, ...withFlags(declare?.exchange) } }),
    queue: { name: queue ?? '', ...withFlags(queueFlags) },
    bindingKeys: exchange === undefined ? [] : (bindingKeys ?? ['#']),
  }
}

/** Carries a plan out and returns the queue's name. */
export async function carryOut({ exchange, queue, bindingKeys }: Plan, channel: Channel): Promise<string> {
  if (exchange?.flags !== undefined) {
    const { type, ...given } = exchange.flags
    await channel.assertExchange(exchange.name, type, given)
  } else if (exchange !== undefined) {
    await channel.checkExchange(exchange.name)
  }
  const { queue: name } = await (queue.flags === undefined
    ? channel.checkQueue(queue.name)
    : channel.assertQueue(queue.name, queue.flags))
  if (exchange !== undefined) {
    for (const key of bindingKeys) await channel.bindQueue(name, exchange.name, key)
  }
  return name
}

function withFlags<F>(given: F | undefined): { flags?: F } {
  return given === undefined ? {} : { flags: given }
}
