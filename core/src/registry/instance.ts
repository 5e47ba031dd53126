import type { Logger } from 'pino'
import type { Definition, Kind } from '@smart-gateway/sdk'
import { Backoff, RETRY, sleep } from '../backoff.ts'
import type { InstanceSpec } from '../config/configuration.ts'
import { GatewayError, reasonOf, retryAfterOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Code } from '../plugins/codes.ts'
import { sessionHealth } from '../session-health.ts'
import type { ShadowReport } from '../shadow/report.ts'
import { openGeneration } from './generation.ts'
import type { Generation, Session } from './generation.ts'
import { status } from './states.ts'
import type { Status } from './states.ts'
import type { Wiring } from './wiring.ts'

/** What a new generation is made of. */
export interface Preparation {
  readonly spec: InstanceSpec
  readonly code: Code
  /** Aborted = nobody wants it any more. */
  readonly signal: AbortSignal
}

/** A generation that is open beside the live one. One of its two verbs is to be called, once. */
export interface Prepared {
  readonly generation: number
  readonly version: string
  /** Has it run on a copy of the live one's traffic for that time. Rejects with SG_NO_SHADOW where it cannot. */
  shadow(spanMs: number): Promise<ShadowReport>
  /**
   * Puts it in the place of the live one, which is stopped then. Rejects with SG_SWAP_FAILED: the live one goes on, and nothing is left
   * of the new one.
   */
  commit(): Promise<void>
  /** Lets go of it. */
  discard(): Promise<void>
}

const GRACE_MS = 5000

/**
 * An instance: a plugin as configured under a name, with its generations one after the other. It opens by itself, tries again
 * with backoff when that fails or when the session is lost, and is swapped without its neighbours noticing.
 */
export class Instance<D extends Definition = Definition, S extends Session = Session> {
  readonly kind: Kind
  readonly #host: Host
  readonly #log: Logger
  readonly #wiring: Wiring<D, S>
  readonly #backoff = new Backoff(RETRY)
  readonly #stopping = new AbortController()
  #spec: InstanceSpec
  #code: Code | undefined
  #live: Generation<D, S> | undefined
  /** The one that was lost, whose addresses stay bound for the next. */
  #lost: Generation<D, S> | undefined
  /** Generations that are on their way to work, with why they were lost meanwhile. */
  readonly #coming = new Map<number, Error | undefined>()
  /** Those that were replaced and have not ended yet. */
  readonly #going = new Set<Promise<void>>()
  #numbers = 0
  #losses = 0
  #status: Status = status('starting')
  #change: Promise<unknown> = Promise.resolve()

  constructor(kind: Kind, spec: InstanceSpec, host: Host, wiring: Wiring<D, S>) {
    this.kind = kind
    this.#spec = spec
    this.#host = host
    this.#log = host.log.child({ component: spec.name })
    this.#wiring = wiring
  }

  get name(): string {
    return this.#spec.name
  }

  /** As it was configured for the generation that works, or that is tried. */
  get spec(): InstanceSpec {
    return this.#spec
  }

  /** The code that works, or is tried; undefined until it was found once. */
  get code(): Code | undefined {
    return this.#code
  }

  /** The generation that works, if one does. */
  get live(): Generation<D, S> | undefined {
    return this.#live
  }

  /** How often a session that worked was lost. */
  get losses(): number {
    return this.#losses
  }

  get status(): Status {
    if (this.#live === undefined || this.#status.state !== 'ready') return this.#status
    const health = sessionHealth(this.#live.session)
    return health?.state === 'degraded'
      ? { ...this.#status, state: 'degraded', reason: health.reason }
      : this.#status
  }

  /** Begins to open; resolves when the first try is over, however it ended. */
  start(): Promise<void> {
    return this.#exclusive(() => this.#open())
  }

  /**
   * Opens a generation beside the live one. Rejects when it cannot be made ready, or when the signal aborts; nothing of it is left
   * behind then.
   */
  async prepare({ spec, code, signal }: Preparation): Promise<Prepared> {
    const number = ++this.#numbers
    const discarded = new AbortController()
    const wanted = AbortSignal.any([this.#stopping.signal, signal, discarded.signal])
    const next = await this.#make(spec, code, number, wanted).catch((cause: unknown) => {
      throw this.#notSwapped(cause)
    })
    const discard = async (): Promise<void> => {
      discarded.abort()
      this.#coming.delete(number)
      await next.close(GRACE_MS)
    }
    try {
      await this.#wiring.ready?.(next, this.#live, wanted)
    } catch (cause) {
      await discard()
      throw this.#notSwapped(cause)
    }
    return {
      generation: number,
      version: code.package.version,
      shadow: async (spanMs) => {
        if (this.#wiring.shadow === undefined)
          throw new GatewayError('SG_NO_SHADOW', `a ${this.kind} has no traffic of its own to copy`)
        return await this.#wiring.shadow(next, this.#live, spanMs, wanted)
      },
      commit: async () => {
        const before = await this.#exclusive(() => this.#commit(next, spec, code, wanted))
        // Whatever befalls the new one meanwhile is looked after.
        if (before !== undefined) await this.#putAway(before)
      },
      discard,
    }
  }

  /** Where no generation works, there is nothing to protect: takes another description and code, and tries to open with them from now on. */
  async restart(spec: InstanceSpec, code: Code): Promise<void> {
    await this.#exclusive(async () => {
      if (this.#live !== undefined)
        throw new GatewayError('SG_SWAP_FAILED', `${this.name} has opened meanwhile`)
      this.#spec = spec
      this.#code = code
      this.#backoff.reset()
      await this.#open()
    })
  }

  /** Says that the instance is about to stop: it takes no more part in readiness. */
  drain(): void {
    if (this.#status.state !== 'stopped') this.#status = status('draining')
  }

  /** Ends every try and stops the live generation within the grace. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort()
    await this.#exclusive(async () => {
      const live = this.#live
      this.#live = undefined
      if (live !== undefined) {
        await this.#wiring.detach(live, graceMs)
        await live.close(graceMs)
      }
      await Promise.all([this.#forgetLost(), ...this.#going])
      this.#status = status('stopped')
    })
  }

  /** One change of generations at a time. */
  #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#change.then(change)
    this.#change = result.catch(() => undefined)
    return result
  }

  async #open(): Promise<void> {
    if (this.#stopping.signal.aborted || this.#live !== undefined) return
    try {
      this.#code ??= await this.#host.codes.first(this.kind, this.#spec, this.#stopping.signal)
      const generation = await this.#make(this.#spec, this.#code, ++this.#numbers)
      await this.#attach(generation, undefined)
      await this.#host.codes.worked(this.#code)
      this.#log.info(
        { generation: generation.number, version: generation.package.version },
        `${this.name} is ready`,
      )
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#retryLater(error)
    }
  }

  #make(
    { options, isolation, worker }: InstanceSpec,
    code: Code,
    number: number,
    signal = this.#stopping.signal,
  ): Promise<Generation<D, S>> {
    this.#coming.set(number, undefined)
    const opening = openGeneration<D, S>({
      host: this.#host,
      owner: { instance: this.name, generation: number },
      package: code.package,
      options,
      isolation,
      worker,
      extra: this.#wiring.extra(number),
      signal,
      fail: (error) => this.#lose(number, error),
      imported: (definition) => this.#wiring.imported(definition as D),
    })
    opening.catch(() => this.#coming.delete(number))
    return opening
  }

  async #attach(
    next: Generation<D, S>,
    before: Generation<D, S> | undefined,
    signal = this.#stopping.signal,
  ): Promise<void> {
    try {
      const lost = this.#coming.get(next.number)
      if (lost !== undefined) throw this.#lostBy(lost)
      await this.#wiring.attach(next, before, signal)
    } catch (error) {
      this.#coming.delete(next.number)
      await next.close(GRACE_MS)
      throw error
    }
    next.activate()
    this.#live = next
    this.#status = status('ready')
    const lost = this.#coming.get(next.number)
    this.#coming.delete(next.number)
    if (lost !== undefined) this.#lose(next.number, lost)
    await this.#forgetLost()
  }

  async #forgetLost(): Promise<void> {
    const lost = this.#lost
    this.#lost = undefined
    await lost?.close(GRACE_MS)
  }

  /** Puts a prepared generation in the place of the live one, which is returned; a failure leaves that as it was. */
  async #commit(
    next: Generation<D, S>,
    spec: InstanceSpec,
    code: Code,
    signal: AbortSignal,
  ): Promise<Generation<D, S> | undefined> {
    const before = this.#live
    try {
      await this.#attach(next, before, signal)
    } catch (cause) {
      throw this.#notSwapped(cause)
    }
    this.#spec = spec
    this.#code = code
    await this.#host.codes.worked(code)
    const what = before === undefined ? 'ready' : 'replaced'
    this.#log.info({ generation: next.number, version: code.package.version }, `${this.name} is ${what}`)
    return before
  }

  /** Stops a generation that was replaced, when nothing needs it any more. */
  async #putAway(before: Generation<D, S>): Promise<void> {
    const end = async (): Promise<void> => {
      await this.#wiring.drain?.(before, GRACE_MS)
      await before.close(GRACE_MS)
    }
    const ended = end()
    this.#going.add(ended)
    await ended
    this.#going.delete(ended)
  }

  #notSwapped(cause: unknown): GatewayError {
    const rest = this.#live === undefined ? 'it was not open' : `generation ${this.#live.number} goes on`
    return new GatewayError('SG_SWAP_FAILED', `${this.name} was not swapped, ${rest}`, { cause })
  }

  /** A session gave itself up. */
  #lose(generation: number, cause: Error): void {
    if (this.#coming.has(generation)) return void this.#coming.set(generation, cause)
    void this.#exclusive(async () => {
      const live = this.#live
      if (live?.number !== generation || this.#stopping.signal.aborted) return
      this.#live = undefined
      this.#losses++
      // One that comes and goes at once is no success: its waits go on growing.
      if (Date.now() - this.#status.sinceMs > RETRY.maxMs) this.#backoff.reset()
      this.#retryLater(this.#lostBy(cause))
      await this.#wiring.detach(live, 0)
      await live.leave(GRACE_MS)
      this.#lost = live
    })
  }

  #lostBy(cause: Error): GatewayError {
    return new GatewayError('SG_SESSION_LOST', `${this.name} lost its session`, { cause })
  }

  #retryLater(error: unknown): void {
    const delayMs = this.#backoff.next(retryAfterOf(error))
    this.#status = status('failed', { reason: reasonOf(error), nextTryMs: Date.now() + delayMs })
    const hint = error instanceof GatewayError ? error.hint : undefined
    const code = error instanceof GatewayError ? error.code : undefined
    this.#log.error(
      { code, hint, retryInMs: delayMs },
      `${this.kind} ${this.name} failed: ${reasonOf(error)}`,
    )
    void sleep(delayMs, this.#stopping.signal).then(() => this.#exclusive(() => this.#open()))
  }
}
