import type { Logger } from './context.ts'

/** One message as a transport received it. */
export interface Message {
  /**
   * The payload as the peer sent it, unless the transport's README says that it decompresses (http does, amqp
   * does not). It MUST NOT be changed by anybody.
   */
  readonly body: Buffer
  /** The payload's media type, when the peer named one. */
  readonly contentType?: string
  /** Where it came from within the transport: a queue, an address, a path. For logs, so never a secret. */
  readonly address?: string
  /** Headers or properties of the message, as the transport's protocol has them. */
  readonly headers?: Readonly<Record<string, unknown>>
  /** True when the peer says that it sends this message again. */
  readonly redelivered?: boolean
  /**
   * True when nobody will send or hand in this message again (a datagram, say): one that is given back is lost
   * then, and counted as such.
   */
  readonly lastTry?: boolean
}

/** The host's side of one subscription: where a transport hands in messages. */
export interface Intake {
  /**
   * Hands one message to the gateway; does not block and never throws. The promise is the message's fate:
   * resolved = every required output has accepted it, acknowledge it; rejected = it was not, and the error's
   * `retryable` says whether the peer should send it again (true: nack and requeue) or must not (false: it
   * can never be accepted). The error's message may be shown to the peer: for a refusal by a store it is a
   * fixed sentence (the reason stays in the gateway's log), for a message that does not decode it says why. A
   * transport MUST wait for it before it acknowledges.
   */
  deliver(message: Message): Promise<void>
  /**
   * True while a message would have to wait: a required output's queue is full, or has not said yet what it
   * accepts, or no decoder is there. A transport that can say no to its peer does so; one whose peer is
   * bounded by prefetch or credit need not look. What is delivered all the same waits.
   */
  readonly full: boolean
  /** Resolves as soon as `full` is false; never rejects. */
  room(): Promise<void>
  /**
   * Says that so many messages came which could not be taken, and which nobody will send again (datagrams, while `full`): they are
   * counted as received and dropped. A host that is older than this member has none.
   */
  lost?(messages: number): void
  /**
   * Tells the host that this subscription ended without being asked to (channel closed, consumer cancelled).
   * The host stops it and subscribes anew with backoff, `retryAfter` of the error being the least wait; the
   * promises of its unsettled messages no longer matter. Throws nothing; from a subscription that was
   * replaced it changes nothing.
   */
  fail(error: Error): void
}

/** One input's place on a transport: made by `subscribe`, not yet consuming. */
export interface Subscription {
  /** Where a producer sends messages for this subscription, for people: a URL or an address. */
  readonly address?: string
  /**
   * How many messages its peer sends before it waits for one to be settled (prefetch, credit), where there is
   * such a number: an output that waits for a batch to fill waits no longer once that many are unsettled.
   */
  readonly credit?: number
  /**
   * Begins to consume. A failure, or no answer within 30 s, makes the host stop it and subscribe anew with
   * backoff.
   */
  start(): void | Promise<void>
  /**
   * Stops taking messages; resolves when no further `deliver` will follow. Settlements of delivered messages
   * still reach the peer until the transport itself stops. Calling it twice is fine. The host waits 5 s for
   * it; a failure is logged and changes nothing else.
   */
  stop(): Promise<void>
}

/** What a transport knows about the subscriber when it subscribes. */
export interface SubscriptionContext {
  /** The input instance's name. */
  readonly input: string
  /** The input's logger: what befalls its subscription is said there, under the input's name. */
  readonly log: Logger
}
