import type { Logger } from 'pino'
import type { Intake as Lent, JsonSchema, Message, Subscription, TransportSession } from '@smart-gateway/sdk'
import type { Scrubber } from '../config/secrets.ts'
import { within } from '../deadline.ts'
import { GatewayError } from '../errors.ts'
import type { Intake } from '../pipeline/intake.ts'
import { Source } from '../pipeline/source.ts'
import { OPEN_TIMEOUT_MS } from './generation.ts'
import { validOptions } from './valid-options.ts'

/** A transport's session, and the schema of what its plugin wants to know of a subscription. */
export interface Followed {
  readonly session: TransportSession
  readonly schema: JsonSchema
  /** Whether its peers send again what was not acknowledged. */
  readonly redelivers: boolean
  /** Whether the session was stopped. */
  readonly isOver: () => boolean
}

/** Who subscribes, and with which options. */
export interface Subscriber {
  readonly input: string
  readonly transport: string
  readonly options: unknown
  readonly intake: Intake
  readonly log: Logger
  readonly scrubber: Scrubber
}

const STOP_GRACE_MS = 5000

/** An input's place on one session of a transport: its subscription, and the messages that came with it. */
export class Place {
  readonly followed: Followed
  readonly #subscriber: Subscriber
  readonly #subscription: Subscription
  readonly #source: Source

  private constructor(
    followed: Followed,
    subscriber: Subscriber,
    subscription: Subscription,
    source: Source,
  ) {
    this.followed = followed
    this.#subscriber = subscriber
    this.#subscription = subscription
    this.#source = source
  }

  /** Subscribes, without consuming; `lost` is called when the subscription gives itself up later. */
  static async take(
    followed: Followed,
    subscriber: Subscriber,
    lost: (place: Place, error: Error) => void,
    signal: AbortSignal,
  ): Promise<Place> {
    const { input, intake, log, options, scrubber } = subscriber
    const { session, schema } = followed
    const valid = validOptions(schema, options, `inputs.${input}.from`, scrubber)
    const source = new Source()
    let place: Place | undefined
    const lent: Lent = {
      deliver: (message: Message) =>
        followed.isOver() ? tooLate(subscriber) : intake.deliver(message, source),
      get full() {
        return intake.full
      },
      room: intake.room.bind(intake),
      lost: (messages) => intake.lost(messages),
      fail: (error: Error) => void (place !== undefined && lost(place, error)),
    }
    const subscription = await within(() => session.subscribe(valid, lent, { input, log }), {
      what: 'subscribe',
      ms: OPEN_TIMEOUT_MS,
      signal,
      letGo: (late) => late.stop(),
    })
    if (typeof subscription?.start !== 'function' || typeof subscription.stop !== 'function')
      throw new GatewayError(
        'SG_DEFINITION_INVALID',
        'subscribe did not return a subscription with start and stop',
      )
    return (place = new Place(followed, subscriber, subscription, source))
  }

  get address(): string | undefined {
    return this.#subscription.address
  }

  /** Begins to consume. */
  async start(signal: AbortSignal): Promise<void> {
    this.#subscriber.intake.setCredit(this.#subscription.credit)
    await within(() => this.#subscription.start(), { what: 'start', ms: OPEN_TIMEOUT_MS, signal })
  }

  /** Takes no more messages; what it has brought is still settled. Never rejects. */
  async stop(): Promise<void> {
    try {
      await within(() => this.#subscription.stop(), { what: 'stop', ms: STOP_GRACE_MS })
    } catch (err) {
      const { log, transport } = this.#subscriber
      log.warn({ err }, `the subscription on ${transport} did not stop as it should; going on without it`)
    }
  }

  /** Resolves when all that it has brought has its fate, at the latest when the signal aborts; what has none then is given back. */
  async drain(signal: AbortSignal): Promise<void> {
    const { intake } = this.#subscriber
    const over = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => over.resolve(), { once: true })
    intake.hurry()
    await Promise.race([this.#source.idle(), over.promise])
    if (signal.aborted) this.giveBack(new Error('its transport has another session'))
  }

  /** What is not written yet can no longer be acknowledged: its peer sends it again, and a copy would only pile up here. */
  giveBack(cause: Error): void {
    if (!this.followed.redelivers) return
    const { input, intake } = this.#subscriber
    const message = `the subscription of ${input} ended before the message was taken`
    intake.purge(new GatewayError('SG_SESSION_LOST', message, { cause }), this.#source)
  }
}

function tooLate({ transport }: Subscriber): Promise<never> {
  const message = `the session of ${transport} was stopped: what it brings now is not taken`
  return Promise.reject(new GatewayError('SG_STOPPING', message))
}
