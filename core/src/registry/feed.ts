import type { Logger } from 'pino'
import type { Subscription, TransportSession } from '@smart-gateway/sdk'
import { Backoff, sleep } from '../backoff.ts'
import { GatewayError, reasonOf } from '../errors.ts'
import type { Intake } from '../pipeline/intake.ts'
import { status } from './states.ts'
import type { Status } from './states.ts'

const RETRY = { initialMs: 1000, maxMs: 30_000 }

/**
 * One input's subscription on one transport. It follows both: there is a subscription whenever the transport has a session and
 * the input can decode, it moves to the transport's next session, and it is tried again with backoff when it fails.
 */
export class Feed {
  readonly transport: string
  readonly #input: string
  readonly #options: unknown
  readonly #intake: Intake
  readonly #log: Logger
  readonly #backoff = new Backoff(RETRY)
  readonly #stopping = new AbortController()
  #session: TransportSession | undefined
  #decodes = false
  #current: { session: TransportSession; subscription: Subscription } | undefined
  #status: Status = status('starting')
  #change: Promise<void> = Promise.resolve()

  constructor(
    input: string,
    from: { transport: string; subscription: unknown },
    intake: Intake,
    log: Logger,
  ) {
    this.#input = input
    this.transport = from.transport
    this.#options = from.subscription
    this.#intake = intake
    this.#log = log
  }

  get status(): Status {
    return this.#status
  }

  /** Where a producer sends messages for it, once it is subscribed. */
  get address(): string | undefined {
    return this.#current?.subscription.address
  }

  /** Follows the transport to another session, or to none. */
  follow(session: TransportSession | undefined): Promise<void> {
    this.#session = session
    return this.#update()
  }

  /** Says whether the input can decode. */
  setDecodes(decodes: boolean): Promise<void> {
    this.#decodes = decodes
    return this.#update()
  }

  /** Takes no more messages; resolves when none will follow. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#update()
    this.#status = status('stopped')
  }

  #update(): Promise<void> {
    this.#change = this.#change.then(() => this.#reconcile())
    return this.#change
  }

  async #reconcile(): Promise<void> {
    const wanted = this.#decodes && !this.#stopping.signal.aborted ? this.#session : undefined
    const before = this.#current
    if (wanted === before?.session) return
    try {
      // The new subscription is made ready before the old one ends, so that what they share stays bound.
      this.#current = wanted === undefined ? undefined : await this.#subscribe(wanted)
      await before?.subscription.stop()
      await this.#begin()
    } catch (error) {
      const failed = this.#current
      this.#current = undefined
      this.#retryLater(error)
      await failed?.subscription.stop().catch(() => undefined)
    }
  }

  async #subscribe(
    session: TransportSession,
  ): Promise<{ session: TransportSession; subscription: Subscription }> {
    const fail = (error: Error): void => this.#lose(session, error)
    const intake = this.#intake
    const subscription = await session.subscribe(
      this.#options,
      {
        deliver: (message) => intake.deliver(message),
        get full() {
          return intake.full
        },
        room: () => intake.room(),
        fail,
      },
      { input: this.#input, log: this.#log },
    )
    return { session, subscription }
  }

  async #begin(): Promise<void> {
    if (this.#current === undefined) {
      this.#status = status('starting', { reason: `waits for the transport ${this.transport}` })
      return
    }
    await this.#current.subscription.start()
    this.#status = status('ready')
    this.#backoff.reset()
  }

  /** A subscription ended by itself. */
  #lose(session: TransportSession, cause: Error): void {
    this.#change = this.#change.then(async () => {
      const current = this.#current
      if (current?.session !== session || this.#stopping.signal.aborted) return
      this.#current = undefined
      this.#retryLater(cause)
      await current.subscription.stop().catch(() => undefined)
    })
  }

  #retryLater(cause: unknown): void {
    const error = new GatewayError(
      'SG_SUBSCRIBE_FAILED',
      `${this.#input} has no subscription on ${this.transport}`,
      { cause },
    )
    const delayMs = this.#backoff.next()
    this.#status = status('failed', { reason: reasonOf(error), nextTryMs: Date.now() + delayMs })
    this.#log.error({ code: error.code, hint: error.hint, retryInMs: delayMs }, reasonOf(error))
    void sleep(delayMs, this.#stopping.signal).then(() => this.#update())
  }
}
