import type { Logger } from 'pino'
import { Backoff, RETRY, sleep } from '../backoff.ts'
import { GatewayError, reasonOf, retryAfterOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Intake } from '../pipeline/intake.ts'
import { Place } from './place.ts'
import type { Followed, Subscriber } from './place.ts'
import { status } from './states.ts'
import type { Status } from './states.ts'

/** A feed on its way from one session of its transport to the next, both open. `start` comes first, then one of the other two. */
export interface Move {
  /** Consumes from the new session. Rejects when that cannot be. */
  start(signal: AbortSignal): Promise<void>
  /** Consumes from the new session only, from now on. */
  settle(): Promise<void>
  /** Consumes from the old session as before. */
  goBack(): Promise<void>
}

/**
 * One input's subscription on one transport. It follows both: there is a subscription whenever the transport has a session and
 * the input can decode, it moves to the transport's next session, and it is tried again with backoff when it fails.
 */
export class Feed {
  readonly transport: string
  readonly #subscriber: Subscriber
  readonly #log: Logger
  readonly #backoff = new Backoff(RETRY)
  readonly #stopping = new AbortController()
  /** Ends the try to subscribe that is under way. */
  #trying = new AbortController()
  #followed: Followed | undefined
  /** Whom it failed on and waits to try again: another reason to look is no reason to try. */
  #failed: Followed | undefined
  #decodes = false
  #current: Place | undefined
  #status: Status
  #change: Promise<void> = Promise.resolve()

  constructor(input: string, from: { transport: string; subscription: unknown }, intake: Intake, host: Host) {
    const { transport, subscription: options } = from
    const log = host.log.child({ component: input })
    this.transport = transport
    this.#subscriber = { input, transport, options, intake, log, scrubber: host.scrubber }
    this.#log = log
    this.#status = this.#waiting()
  }

  get status(): Status {
    return this.#status
  }

  /** Where a producer sends messages for it, once it is subscribed. */
  get address(): string | undefined {
    return this.#current?.address
  }

  /** Follows the transport to another session, or to none. */
  follow(followed: Followed | undefined): Promise<void> {
    if (followed === undefined && !this.#stopping.signal.aborted)
      this.#current?.giveBack(new Error(`the transport ${this.transport} has no session`))
    this.#followed = followed
    this.#trying.abort()
    return this.#update()
  }

  /** Says whether the input can decode. */
  setDecodes(decodes: boolean): Promise<void> {
    this.#decodes = decodes
    if (!decodes) this.#trying.abort()
    return this.#update()
  }

  /** Takes no more messages; resolves when none will follow. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#trying.abort()
    await this.#update()
    this.#status = status('stopped')
  }

  /** Subscribes on another session beside, without consuming; undefined where it is not subscribed anyway. Rejects when that session refuses. */
  async prepare(followed: Followed, signal: AbortSignal): Promise<Place | undefined> {
    if (this.#current === undefined || this.#stopping.signal.aborted) return undefined
    return await this.#take(followed, signal)
  }

  /**
   * Begins to go over to the session on which `next` was prepared: nothing else happens to the feed until it is settled or has gone back.
   * What came with the place `before` gets its fate there.
   */
  async move(followed: Followed, next: Place | undefined): Promise<Move & { readonly before?: Place }> {
    this.#trying.abort()
    const over = Promise.withResolvers<void>()
    const turn = this.#change
    this.#change = turn.then(() => over.promise)
    await turn
    const [before, was] = [this.#current, this.#followed]
    const { redelivers } = followed
    const moves = next !== undefined && before !== undefined && !this.#stopping.signal.aborted
    this.#followed = followed
    return {
      ...(before !== undefined && { before }),
      start: async (signal) => {
        if (!moves) return
        // Two consumers at once would mix the order of what the peer keeps; where it keeps nothing, nobody may be away.
        if (redelivers) await before.stop()
        await next.start(signal)
      },
      settle: async () => {
        if (moves) {
          this.#current = next
          this.#status = status('ready')
          if (!redelivers) await before.stop()
        } else await next?.stop()
        over.resolve()
        await this.#update()
      },
      goBack: async () => {
        this.#followed = was
        await next?.stop()
        // A subscription that was stopped does not begin again: the old session gives it another one.
        if (moves && redelivers) this.#current = undefined
        over.resolve()
        await this.#update()
      },
    }
  }

  #update(): Promise<void> {
    this.#change = this.#change.then(() => this.#reconcile())
    return this.#change
  }

  async #reconcile(): Promise<void> {
    const wanted = this.#decodes && !this.#stopping.signal.aborted ? this.#followed : undefined
    const before = this.#current
    if (
      wanted?.session === before?.followed.session ||
      (wanted !== undefined && wanted.session === this.#failed?.session)
    )
      return
    this.#trying = new AbortController()
    const { signal } = this.#trying
    try {
      // The new subscription is made ready before the old one ends, so that what they share stays bound.
      const next = wanted && (await this.#take(wanted, signal))
      this.#current = next
      await before?.stop()
      await this.#begin(next, signal)
    } catch (error) {
      const failed = this.#current
      this.#current = undefined
      if (!signal.aborted) this.#retryLater(error, wanted)
      await failed?.stop()
    }
  }

  #take(followed: Followed, signal: AbortSignal): Promise<Place> {
    return Place.take(followed, this.#subscriber, (place, error) => this.#lose(place, error), signal)
  }

  async #begin(next: Place | undefined, signal: AbortSignal): Promise<void> {
    if (next === undefined) {
      this.#status = this.#waiting()
      return
    }
    await next.start(signal)
    if (this.#status.state === 'failed')
      this.#log.info({ afterMs: Date.now() - this.#status.sinceMs }, `subscribed on ${this.transport} again`)
    this.#status = status('ready')
  }

  #waiting(): Status {
    return status('starting', { reason: `waits for the transport ${this.transport}` })
  }

  /** A subscription ended by itself. */
  #lose(place: Place, cause: Error): void {
    this.#change = this.#change.then(async () => {
      if (this.#current !== place || this.#stopping.signal.aborted) return
      this.#current = undefined
      if (Date.now() - this.#status.sinceMs > RETRY.maxMs) this.#backoff.reset()
      this.#retryLater(cause, place.followed)
      place.giveBack(cause)
      await place.stop()
    })
  }

  #retryLater(cause: unknown, failed: Followed | undefined): void {
    const { input } = this.#subscriber
    const error = new GatewayError(
      'SG_SUBSCRIBE_FAILED',
      `${input} has no subscription on ${this.transport}`,
      {
        cause,
      },
    )
    const delayMs = this.#backoff.next(retryAfterOf(cause))
    const sinceMs = this.#status.state === 'failed' ? this.#status.sinceMs : Date.now()
    this.#status = {
      ...status('failed', { reason: reasonOf(error), nextTryMs: Date.now() + delayMs }),
      sinceMs,
    }
    // A reason with a code of its own, a port in use for example, says more than that there is no subscription.
    const { code, hint } = cause instanceof GatewayError ? cause : error
    this.#log.error({ code, hint, retryInMs: delayMs }, reasonOf(error))
    this.#failed = failed
    void sleep(delayMs, this.#stopping.signal).then(() => {
      this.#failed = undefined
      return this.#update()
    })
  }
}
