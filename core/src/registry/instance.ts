import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Definition, Health, Kind } from '@smart-gateway/sdk'
import { Backoff, RETRY, sleep } from '../backoff.ts'
import type { InstanceSpec } from '../config/configuration.ts'
import { GatewayError, reasonOf, retryAfterOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { placeGeneration } from '../plugins/generation.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { findPlugin } from '../plugins/resolve.ts'
import { openGeneration } from './generation.ts'
import type { Generation, Session } from './generation.ts'
import { status } from './states.ts'
import type { Status } from './states.ts'

/** What a kind does with its generations. */
export interface Wiring<D extends Definition, S extends Session> {
  /** Members of the context that only this kind is lent. */
  extra(generation: number): object
  /** Told of a definition before it opens, so that routes are known while its peer is away. */
  imported(definition: D): void
  /** Puts an open generation to work; `before` is the one it replaces, still open. Throws when it cannot work, or when the signal aborts. */
  attach(
    next: Generation<D, S>,
    before: Generation<D, S> | undefined,
    signal: AbortSignal,
  ): void | Promise<void>
  /** Takes a generation out of work: nothing calls it any more when this resolves. */
  detach(generation: Generation<D, S>, graceMs: number): Promise<void>
}

const GRACE_MS = 5000

/**
 * An instance: a plugin as configured under a name, with its generations one after the other. It opens by itself, tries again
 * with backoff when that fails or when the session is lost, and is swapped without its neighbours noticing.
 */
export class Instance<D extends Definition = Definition, S extends Session = Session> {
  readonly kind: Kind
  readonly spec: InstanceSpec
  readonly #host: Host
  readonly #log: Logger
  readonly #wiring: Wiring<D, S>
  readonly #backoff = new Backoff(RETRY)
  readonly #stopping = new AbortController()
  #package: PluginPackage
  #live: Generation<D, S> | undefined
  #numbers = 0
  #retired: number | undefined
  #status: Status = status('starting')
  #change: Promise<unknown> = Promise.resolve()

  constructor(kind: Kind, spec: InstanceSpec, host: Host, wiring: Wiring<D, S>) {
    this.kind = kind
    this.spec = spec
    this.#host = host
    this.#log = host.log.child({ component: spec.name })
    this.#wiring = wiring
    this.#package = spec.package
  }

  get name(): string {
    return this.spec.name
  }

  /** The generation that works, if one does. */
  get live(): Generation<D, S> | undefined {
    return this.#live
  }

  get status(): Status {
    if (this.#live === undefined || this.#status.state !== 'ready') return this.#status
    const health = healthOf(this.#live.session)
    return health?.state === 'degraded'
      ? { ...this.#status, state: 'degraded', reason: health.reason }
      : this.#status
  }

  /** Begins to open; resolves when the first try is over, however it ended. */
  start(): Promise<void> {
    return this.#exclusive(() => this.#open())
  }

  /**
   * Puts a new generation in the place of the live one: from `source`, a plugin's folder, or else from where the plugin is
   * installed. Rejects with SG_SWAP_FAILED when it cannot be made ready; the old one has not been touched then.
   */
  swap(source?: string): Promise<Generation<D, S>> {
    return this.#exclusive(() => this.#replace(source))
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
      const generation = await this.#make(this.#package, ++this.#numbers)
      await this.#attach(generation, undefined)
      this.#log.info(
        { generation: generation.number, version: generation.package.version },
        `${this.name} is ready`,
      )
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#retryLater(error)
    }
  }

  #make(plugin: PluginPackage, number: number): Promise<Generation<D, S>> {
    return openGeneration<D, S>({
      host: this.#host,
      owner: { instance: this.name, generation: number },
      package: plugin,
      options: this.spec.options,
      extra: this.#wiring.extra(number),
      signal: this.#stopping.signal,
      fail: (error) => this.#lose(number, error),
      imported: (definition) => this.#wiring.imported(definition as D),
    })
  }

  async #attach(next: Generation<D, S>, before: Generation<D, S> | undefined): Promise<void> {
    try {
      await this.#wiring.attach(next, before, this.#stopping.signal)
    } catch (error) {
      await next.close(GRACE_MS)
      throw error
    }
    next.activate()
    this.#live = next
    this.#package = next.package
    this.#status = status('ready')
  }

  async #replace(source: string | undefined): Promise<Generation<D, S>> {
    const before = this.#live
    const number = ++this.#numbers
    const next = await this.#ready(number, source, before)
    if (before !== undefined) await this.#retire(before)
    this.#log.info({ generation: number, version: next.package.version }, `${this.name} swapped`)
    return next
  }

  /** Makes a new generation live; a failure leaves nothing of it behind. */
  async #ready(
    number: number,
    source: string | undefined,
    before: Generation<D, S> | undefined,
  ): Promise<Generation<D, S>> {
    const target = this.#folderOf(number)
    try {
      const folder = findPlugin(source ?? this.spec.plugin, this.kind, this.#host.folder)
      const plugin = await placeGeneration(folder, target, this.kind)
      const next = await this.#make(plugin, number)
      await this.#attach(next, before)
      return next
    } catch (cause) {
      await this.#remove(target)
      const message = `${this.name} was not swapped, ${before === undefined ? 'it was not open' : `generation ${before.number} goes on`}`
      throw new GatewayError('SG_SWAP_FAILED', message, { cause })
    }
  }

  /** Stops a generation that was replaced. Its folder goes with the one after it: a lazy import may still be under way. */
  async #retire(before: Generation<D, S>): Promise<void> {
    await before.close(GRACE_MS)
    const previous = this.#retired
    this.#retired = before.number
    if (previous !== undefined) await this.#remove(this.#folderOf(previous))
  }

  async #remove(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true }).catch((err: unknown) =>
      this.#log.warn({ err }, `${folder} cannot be removed; remove it by hand`),
    )
  }

  #folderOf(generation: number): string {
    return join(this.#host.stateFolder, 'generations', this.name, String(generation))
  }

  /** A session gave itself up. */
  #lose(generation: number, cause: Error): void {
    void this.#exclusive(async () => {
      const live = this.#live
      if (live?.number !== generation || this.#stopping.signal.aborted) return
      this.#live = undefined
      // One that comes and goes at once is no success: its waits go on growing.
      if (Date.now() - this.#status.sinceMs > RETRY.maxMs) this.#backoff.reset()
      this.#retryLater(new GatewayError('SG_SESSION_LOST', `${this.name} lost its session`, { cause }))
      await this.#wiring.detach(live, 0)
      await live.close(GRACE_MS)
    })
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

function healthOf(session: Session): Health | undefined {
  try {
    return session.health?.()
  } catch (error) {
    return { state: 'degraded', reason: `it cannot tell how it is: ${reasonOf(error)}` }
  }
}
