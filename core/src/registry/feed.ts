import type { Logger } from 'pino'
import type { JsonSchema, Message, Subscription, TransportSession } from '@smart-gateway/sdk'
import { Backoff, RETRY, sleep } from '../backoff.ts'
import { within } from '../deadline.ts'
import { GatewayError, reasonOf, retryAfterOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Intake } from '../pipeline/intake.ts'
import { OPEN_TIMEOUT_MS } from './generation.ts'
import { status } from './states.ts'
import type { Status } from './states.ts'
import { validOptions } from './valid-options.ts'

const STOP_GRACE_MS = 5000

/** A transport's session, and the schema of what its plugin wants to know of a subscription. */
export interface Followed {
  readonly session: TransportSession
  readonly schema: JsonSchema
  /** Whether its peers send again what was not acknowledged. */
  readonly redelivers: boolean
}

/**
 * One input's subscription on one transport. It follows both: there is a subscription whenever the transport has a session and
 * the input can decode, it moves to the transport's next session, and it is tried again with backoff when it fails.
 */
export class Feed {
  readonly transport: string
  readonly #input: string
  readonly #options: unknown
  readonly #intake: Intake
  readonly #host: Host
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
    this.#input = input
    this.transport = from.transport
    this.#options = from.subscription
    this.#intake = intake
    this.#host = host
    this.#log = host.log.child({ component: input })
    this.#status = this.#waiting()
  }

  get status(): Status {
    return this.#status
  }

  /** Where a producer sends messages for it, once it is subscribed. */
  get address(): string | undefined {
    return this.#current?.subscription.address
  }

  /** Follows the transport to another session, or to none. */
  follow(followed: Followed | undefined): Promise<void> {
    if (followed === undefined && this.#current !== undefined && !this.#stopping.signal.aborted)
      this.#giveBack(this.#current, new Error(`the transport ${this.transport} has no session`))
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

  #update(): Promise<void> {
    this.#change = this.#change.then(() => this.#reconcile())
    return this.#change
  }

  async #reconcile(): Promise<void> {
    const wanted = this.#decodes && !this.#stopping.signal.aborted ? this.#followed : undefined
    const before = this.#current
    if (wanted?.session === before?.session || (wanted !== undefined && wanted === this.#failed)) return
    this.#trying = new AbortController()
    const { signal } = this.#trying
    try {
      // The new subscription is made ready before the old one ends, so that what they share stays bound.
      const next = wanted && (await this.#subscribe(wanted, signal))
      this.#current = next
      if (before !== undefined) await this.#end(before)
      await this.#begin(next, signal)
    } catch (error) {
      const failed = this.#current
      this.#current = undefined
      if (!signal.aborted) this.#retryLater(error, wanted)
      if (failed !== undefined) await this.#end(failed)
    }
  }

  async #subscribe(followed: Followed, signal: AbortSignal): Promise<Place> {
    const { session, schema } = followed
    const where = `inputs.${this.#input}.from`
    const options = validOptions(schema, this.#options, where, this.#host.scrubber)
    const intake = this.#intake
    const own = {
      deliver: (message: Message) => intake.deliver(message, own),
      get full() {
        return intake.full
      },
      room: intake.room.bind(intake),
      fail: (error: Error): void => this.#lose(own, error),
    }
    const context = { input: this.#input, log: this.#log }
    const subscription = await within(() => session.subscribe(options, own, context), {
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
    return { followed, session, subscription, intake: own }
  }

  async #begin(next: Place | undefined, signal: AbortSignal): Promise<void> {
    if (next === undefined) {
      this.#status = this.#waiting()
      return
    }
    this.#intake.setCredit(next.subscription.credit)
    await within(() => next.subscription.start(), { what: 'start', ms: OPEN_TIMEOUT_MS, signal })
    if (this.#status.state === 'failed')
      this.#log.info({ afterMs: Date.now() - this.#status.sinceMs }, `subscribed on ${this.transport} again`)
    this.#status = status('ready')
  }

  #waiting(): Status {
    return status('starting', { reason: `waits for the transport ${this.transport}` })
  }

  async #end({ subscription }: Place): Promise<void> {
    try {
      await within(() => subscription.stop(), { what: 'stop', ms: STOP_GRACE_MS })
    } catch (err) {
      this.#log.warn(
        { err },
        `the subscription on ${this.transport} did not stop as it should; going on without it`,
      )
    }
  }

  /** A subscription ended by itself. */
  #lose(intake: object, cause: Error): void {
    this.#change = this.#change.then(async () => {
      const current = this.#current
      if (current?.intake !== intake || this.#stopping.signal.aborted) return
      this.#current = undefined
      if (Date.now() - this.#status.sinceMs > RETRY.maxMs) this.#backoff.reset()
      this.#retryLater(cause, current.followed)
      this.#giveBack(current, cause)
      await this.#end(current)
    })
  }

  /** What is not written yet can no longer be acknowledged: its peer sends it again, and a copy would only pile up here. */
  #giveBack({ intake, followed }: Place, cause: Error): void {
    if (!followed.redelivers) return
    const message = `the subscription of ${this.#input} ended before the message was taken`
    this.#intake.purge(new GatewayError('SG_SESSION_LOST', message, { cause }), intake)
  }

  #retryLater(cause: unknown, failed: Followed | undefined): void {
    const error = new GatewayError(
      'SG_SUBSCRIBE_FAILED',
      `${this.#input} has no subscription on ${this.transport}`,
      { cause },
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

interface Place {
  readonly followed: Followed
  readonly session: TransportSession
  readonly subscription: Subscription
  /** What it was given, and nobody else: a late word of an earlier subscription does not end this one. */
  readonly intake: object
}
