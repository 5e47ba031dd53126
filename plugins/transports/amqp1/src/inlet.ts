import type { AmqpError, Delivery, EventContext, Message as AmqpMessage, Receiver } from 'rhea'
import type { Message } from '@smart-gateway/sdk'
import { toMessage } from './body.ts'
import type { Directory } from './directory.ts'
import { openLane, RETURN_DELAY_MS } from './lane.ts'
import type { Load } from './load.ts'
import type { Arrival } from './transfers.ts'

/** Why a listener rejects a message by itself. */
export type Refusal = 'address' | 'size' | 'format'

/** What an inlet needs of its connection. */
export interface InletHost {
  readonly directory: Directory
  readonly load: Load
  refused(reason: Refusal): void
  /** Something was for an address that no input has. */
  stray(to: string): void
  /** What is known of the message whose event is being dispatched. */
  arrival(): Arrival
  /** The last open message got its fate. */
  idle(): void
}

/** One link of a producer: brings each message to the input that has its address. */
export interface Inlet {
  readonly open: number
  /** Looks again who has which address. */
  look(): void
  /** The link is gone. */
  end(): void
}

interface Waiting {
  readonly message: Message
  readonly to: string
  readonly delivery: Delivery
  readonly bytes: number
}

/** Opens an inlet; without an address each message names its own (`to`), as collectd's do. */
export function openInlet(receiver: Receiver, address: string | undefined, host: InletHost): Inlet {
  const { directory } = host
  const lane = openLane(receiver, host.load, host.idle)
  /** Messages for an address whose input may still come, or whose input gave them back. */
  let waiting: Waiting[] = []
  let retry: NodeJS.Timeout | undefined
  let closed = false
  let ended = false

  receiver.on('message', ({ message, delivery }: EventContext) => take(message!, delivery!))
  return {
    get open() {
      return lane.open - waiting.length
    },

    look() {
      if (!closed) adjust()
      routeWaiting()
    },

    end() {
      ended = true
      clearTimeout(retry)
      lane.end()
      for (const { delivery, bytes } of waiting) lane.release(delivery, bytes)
      waiting = []
    },
  }

  function adjust(): void {
    const found = address === undefined ? undefined : directory.find(address)
    const prefetch = typeof found === 'object' ? found.prefetch : directory.prefetch
    if (found === 'nobody') {
      closed = true
      receiver.close(stray(address!))
    } else if (found === 'later' || prefetch === undefined) lane.revoke()
    else lane.grant(prefetch)
  }

  function take(amqp: AmqpMessage, delivery: Delivery): void {
    const { bytes, missing } = host.arrival()
    lane.arrived(delivery, bytes)
    if (missing === 'aborted') return lane.drop(delivery, bytes)
    if (missing === 'crowded') return lane.release(delivery, bytes)
    if (missing === 'oversize') return refuse(delivery, bytes, 'size', tooLarge(receiver))
    const to: unknown = address ?? amqp.to
    if (typeof to !== 'string') return refuse(delivery, bytes, 'address', stray(''))
    try {
      route({ message: toMessage(amqp, to), to, delivery, bytes })
    } catch (error) {
      refuse(delivery, bytes, 'format', undecodable(error as Error))
    }
  }

  function route(arrived: Waiting): void {
    const { message, to, delivery, bytes } = arrived
    const found = directory.find(to)
    if (found === 'later') waiting.push(arrived)
    else if (found === 'nobody') refuse(delivery, bytes, 'address', stray(to))
    else lane.follow(delivery, bytes, found.intake.deliver(message), () => again(arrived))
  }

  // It is not released: collectd does not send again what was, nor can anybody what was sent settled.
  function again(returned: Waiting): void {
    if (ended) return lane.release(returned.delivery, returned.bytes)
    waiting.push(returned)
    retry ??= setTimeout(routeWaiting, RETURN_DELAY_MS)
  }

  function routeWaiting(): void {
    clearTimeout(retry)
    retry = undefined
    for (const each of waiting.splice(0)) route(each)
  }

  function refuse(delivery: Delivery, bytes: number, reason: Refusal, error: AmqpError): void {
    host.refused(reason)
    lane.reject(delivery, bytes, error)
  }

  function stray(to: string): AmqpError {
    host.stray(to)
    return { condition: 'amqp:not-found', description: nobodyHas(to, directory) }
  }
}

/** Why what is for that address is refused. */
export function nobodyHas(address: string, directory: Directory): string {
  return `no input has the address "${address.slice(0, MOST_ADDRESS)}"; there are: ${directory.names() || 'none'}`
}

/** Why a message that is larger than its link admits is rejected. */
export function tooLarge(receiver: Receiver): AmqpError {
  const { max_message_size: bytes } = (
    receiver as unknown as { local: { attach: { max_message_size: number } } }
  ).local.attach
  return {
    condition: 'amqp:link:message-size-exceeded',
    description: `the message is larger than ${bytes} bytes; send less at once or raise maxMessageBytes`,
  }
}

/** Why a message that cannot be read is rejected. */
export function undecodable({ message }: Error): AmqpError {
  return { condition: 'amqp:decode-error', description: `the message cannot be read: ${message}` }
}

const MOST_ADDRESS = 256
