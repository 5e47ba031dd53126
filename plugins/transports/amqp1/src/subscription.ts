import { randomUUID } from 'node:crypto'
import type { Intake, Subscription } from '@smart-gateway/sdk'
import type { Delivery, EventContext, Message as AmqpMessage, Receiver, Session } from 'rhea'
import { toMessage } from './body.ts'
import type { Line } from './dial.ts'
import { lostFailure, subscribeFailure, toldBy } from './failure.ts'
import { tooLarge, undecodable } from './inlet.ts'
import { openLane } from './lane.ts'
import type { Lane } from './lane.ts'
import type { Load } from './load.ts'
import type { SubscriptionOptions } from './options.ts'
import { terminusOf } from './terminus.ts'

/** Deliveries of a session that rhea keeps behind one that is unsettled. */
const SESSION_WINDOW = 16_384
const ATTACH_MS = 20_000
const REFUSAL_MS = 1000

/** A subscription as its session sees it. */
export interface ClientSubscription extends Subscription {
  /** Resolves when all its messages have their fate. */
  idle(): Promise<void>
  /** Says nothing more. */
  end(): void
}

/** What a link is opened with. */
export interface Wanted {
  readonly line: Line
  readonly address: string
  readonly options: SubscriptionOptions
  readonly input: string
  readonly maxMessageBytes: number
  readonly intake: Intake
  readonly load: Load
}

/** Opens one link, without credit, on a session of its own: an error there concerns nobody else. Rejects when the peer refuses it. */
export async function openLink(wanted: Wanted): Promise<ClientSubscription> {
  const { line, address, options, input, maxMessageBytes, intake, load } = wanted
  const { connection, transfers } = line
  const what = `"${address}" at ${line.label}`
  const session = connection.create_session({ incoming: SESSION_WINDOW })
  session.begin()
  const receiver = session.open_receiver({
    name: `${input}-${randomUUID()}`,
    source: { address },
    target: { address: input },
    snd_settle_mode: options.settle === 'settled' ? 1 : 0,
    rcv_settle_mode: 0,
    max_message_size: maxMessageBytes,
    credit_window: 0,
    autoaccept: false,
  })
  let resting: PromiseWithResolvers<void> | undefined
  let deaf = false
  let ended = false
  const lane: Lane = openLane(receiver, load, () => {
    rest()
    if (deaf) leave()
  })

  await attached(receiver, session, connection).catch((error: Error) => {
    leave()
    throw subscribeFailure(what, error)
  })
  receiver.on('message', ({ message, delivery }: EventContext) => take(message!, delivery!))
  receiver.on('receiver_close', () => lost(receiver.error, 'the peer closed the link'))
  session.on('session_close', () => lost(session.error, 'the peer ended the session'))

  return {
    start() {
      lane.grant(options.prefetch)
    },

    async stop() {
      if (deaf) return
      deaf = true
      if (!ended) lane.revoke()
      lane.hurry()
      if (lane.open === 0) leave()
    },

    async idle() {
      if (lane.open === 0 || ended) return
      resting ??= Promise.withResolvers()
      await resting.promise
    },

    end,
  }

  function take(amqp: AmqpMessage, delivery: Delivery): void {
    const { bytes, missing } = transfers.current
    lane.arrived(delivery, bytes)
    if (missing === 'aborted') return lane.drop(delivery, bytes)
    if (missing === 'oversize') return lane.reject(delivery, bytes, tooLarge(receiver))
    if (deaf) return lane.release(delivery, bytes)
    let message
    try {
      message = toMessage(amqp, address)
    } catch (error) {
      return lane.reject(delivery, bytes, undecodable(error as Error))
    }
    // What was sent settled, its peer has forgotten.
    if (delivery.remote_settled) message = { ...message, lastTry: true }
    lane.follow(delivery, bytes, intake.deliver(message), () => lane.releaseLater(delivery, bytes))
  }

  function lost(error: unknown, otherwise: string): void {
    if (ended) return
    end()
    leave()
    if (!deaf) intake.fail(lostFailure(what, toldBy(error, otherwise)))
  }

  function end(): void {
    ended = true
    lane.end()
    rest()
  }

  function rest(): void {
    resting?.resolve()
    resting = undefined
  }

  function leave(): void {
    ended = true
    receiver.close()
    session.close()
  }
}

/** Resolves when the peer has opened its end of the link; rejects when it closed it, or the session, instead. */
async function attached(receiver: Receiver, session: Session, connection: Line['connection']): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const refused = () => reject(toldBy(receiver.error ?? session.error, 'the peer refused the link'))
  const gone = () => reject(new Error('the connection was lost'))
  const late = setTimeout(() => reject(new Error(`no answer within ${ATTACH_MS} ms`)), ATTACH_MS)
  let trust: NodeJS.Timeout | undefined
  // A refusal is a link without a source that is closed at once; some peers leave the source out of all their links.
  receiver.once('receiver_open', () => {
    if (terminusOf(receiver.source) !== undefined) resolve()
    else trust = setTimeout(resolve, REFUSAL_MS)
  })
  receiver.once('receiver_close', refused)
  session.once('session_close', refused)
  connection.once('disconnected', gone)
  connection.once('connection_close', gone)
  try {
    await promise
  } finally {
    clearTimeout(late)
    clearTimeout(trust)
    receiver.off('receiver_close', refused)
    session.off('session_close', refused)
    connection.off('disconnected', gone)
    connection.off('connection_close', gone)
  }
}
