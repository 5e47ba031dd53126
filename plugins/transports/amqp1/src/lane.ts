/* oxlint-disable no-underscore-dangle -- the names are rhea's */
import type { PluginError } from '@smart-gateway/sdk'
import type { AmqpError, Delivery, Receiver } from 'rhea'
import type { Load } from './load.ts'

/** A message that is given back waits this long, so that it does not spin between its sender and the gateway. */
export const RETURN_DELAY_MS = 1000

/** One link on which messages come: gives its sender credit, and says what becomes of each message. */
export interface Lane {
  /** Messages that have no fate yet. */
  readonly open: number
  /** Lets the sender have so many messages under way, and no more. */
  grant(prefetch: number): void
  /** Takes back the credit that is left. What was sent before the sender knows of it still comes. */
  revoke(): void
  /** Takes note of a message; one of the others MUST follow for it. */
  arrived(delivery: Delivery, bytes: number): void
  /** The message's fate is that of this promise. When it may be accepted later, `again` is called: it has no fate yet. */
  follow(delivery: Delivery, bytes: number, fate: Promise<void>, again: () => void): void
  /** The message can never be accepted. */
  reject(delivery: Delivery, bytes: number, error: AmqpError): void
  /** The message is to be sent again. */
  release(delivery: Delivery, bytes: number): void
  /** As `release`, after a while. */
  releaseLater(delivery: Delivery, bytes: number): void
  /** Nothing is known of the message any more on the other side. */
  drop(delivery: Delivery, bytes: number): void
  /** Nothing waits to be released, now and from now on. */
  hurry(): void
  /** Says nothing more. */
  end(): void
}

/** Messages after which a sender may have no credit left: it is given more in quarters. */
export function creditOf(prefetch: number): number {
  return Math.max(1, prefetch - Math.ceil(prefetch / 4))
}

/** Begins a lane without credit. `idle` is called whenever its last open message got its fate. */
export function openLane(receiver: Receiver, load: Load, idle: () => void): Lane {
  const link = receiver as unknown as Internals
  let prefetch = 0
  let open = 0
  let returning: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined
  let hurried = false
  let ended = false

  const lane: Lane = {
    get open() {
      return open
    },

    grant(wanted) {
      const revoked = prefetch === 0
      prefetch = wanted
      if (!revoked) return replenish()
      const left = link.credit
      link.credit = 0
      receiver.add_credit(Math.max(wanted - open, left))
    },

    revoke() {
      if (prefetch === 0) return
      prefetch = 0
      const left = link.credit
      link.credit = 0
      link.session._write_flow(receiver)
      link.credit = left // What is on its way is no offence.
    },

    arrived(delivery, bytes) {
      open += 1
      load.held(bytes)
      if (delivery.remote_settled) load.presettled()
    },

    follow(delivery, bytes, fate, again) {
      fate.then(
        () => {
          if (!ended) delivery.accept()
          settled(bytes)
        },
        (error: PluginError) => {
          if (error.retryable === false) lane.reject(delivery, bytes, refusal(error))
          else again()
        },
      )
    },

    reject(delivery, bytes, error) {
      if (delivery.remote_settled) load.lost()
      if (!ended) alone(() => delivery.reject(error))
      settled(bytes)
    },

    release(delivery, bytes) {
      if (delivery.remote_settled) load.lost()
      if (!ended) alone(() => delivery.release())
      settled(bytes)
    },

    releaseLater(delivery, bytes) {
      if (hurried || ended) return lane.release(delivery, bytes)
      returning.push(() => lane.release(delivery, bytes))
      timer ??= setTimeout(returnAll, RETURN_DELAY_MS)
    },

    drop(delivery, bytes) {
      Object.assign(delivery, { remote_settled: true })
      delivery.accept()
      settled(bytes)
    },

    hurry() {
      hurried = true
      returnAll()
    },

    end() {
      ended = true
      returnAll()
    },
  }
  return lane

  // rhea would tell of a delivery what it tells of the one before it, where that is the first of those that it writes together.
  function alone(tell: () => void): void {
    const { session } = link
    session.incoming.process(session)
    tell()
    session.incoming.process(session)
  }

  function returnAll(): void {
    clearTimeout(timer)
    timer = undefined
    const due = returning
    returning = []
    for (const release of due) release()
  }

  function settled(bytes: number): void {
    open -= 1
    load.held(-bytes)
    replenish()
    if (open === 0) idle()
  }

  // In quarters, so that there is no flow frame for each message; a sender that waits for its last ones gets it all.
  function replenish(): void {
    const missing = prefetch - open - link.credit
    if (missing > 0 && missing >= prefetch / 4 && !ended) receiver.add_credit(missing)
  }
}

function refusal({ message }: Error): AmqpError {
  return { condition: 'amqp:decode-error', description: message }
}

/** What is used of rhea beyond its typings. */
interface Internals {
  credit: number
  readonly session: RheaSession
}

interface RheaSession {
  readonly incoming: { process(session: RheaSession): void }
  _write_flow(link: Receiver): void
}
