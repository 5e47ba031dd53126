import { isDeepStrictEqual } from 'node:util'
import type { InputDefinition, InputSession, Message, RecordSink } from '@smart-gateway/sdk'
import type { InputSpec } from '../config/configuration.ts'
import { sleep } from '../backoff.ts'
import { within } from '../deadline.ts'
import { GatewayError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { InstanceSeries } from '../host/series-table.ts'
import type { DecodeMany } from '../pipeline/away.ts'
import { decodeEach } from '../pipeline/decode-each.ts'
import type { Decoded } from '../pipeline/decoded.ts'
import type { Delivery } from '../pipeline/delivery.ts'
import { Intake } from '../pipeline/intake.ts'
import { Sink } from '../pipeline/sink.ts'
import { DecodeShadow } from '../shadow/decode-shadow.ts'
import type { ShadowReport } from '../shadow/report.ts'
import { DecodeLog } from './decode-log.ts'
import { Feed } from './feed.ts'
import { OPEN_TIMEOUT_MS } from './generation.ts'
import type { Generation } from './generation.ts'
import { Instance } from './instance.ts'
import type { Status } from './states.ts'

/** How long messages that are decoded elsewhere are waited for in a swap. */
const DECODE_GRACE_MS = 5000
/** A thread that has failed by itself is through with what it is at by then, or hangs. */
const HOME_MS = 1000
/** How long a source may take to end before the next one begins. */
const STOP_GRACE_MS = 5000

type Live = Generation<InputDefinition, InputSession>

/** An input with what belongs to its name: the intake, the series table and the subscription outlive its generations. */
export class Input {
  #spec: InputSpec
  readonly intake: Intake
  readonly series: InstanceSeries
  readonly instance: Instance<InputDefinition, InputSession>
  #feed: Feed | undefined
  readonly #host: Host
  readonly #reroute: () => void

  constructor(spec: InputSpec, host: Host, maxSeries: number, reroute: () => void) {
    const log = host.log.child({ component: spec.name })
    this.#spec = spec
    this.#host = host
    this.#reroute = reroute
    const decodeLog = new DecodeLog(log)
    this.intake = new Intake(spec.name, {
      refused: (delivery, error) => {
        decodeLog.refused(delivery.message, error)
        return error.retryable === true ? undefined : this.#keep(delivery, error)
      },
      rejected: (message, elements, reason) => decodeLog.rejected(message, elements, reason),
    })
    this.series = new InstanceSeries(maxSeries)
    this.#feed = this.#subscription(spec)
    this.instance = new Instance('input', spec, host, {
      extra: (generation) => ({ series: this.series.viewOf(generation) }),
      imported() {},
      attach: (next, before, signal) => this.#attach(next, before, signal),
      shadow: (next, before, spanMs, signal) => this.#shadow(next, before, spanMs, signal),
      detach: (_, graceMs) => this.#detach(graceMs),
    })
  }

  get spec(): InputSpec {
    return this.#spec
  }

  get feed(): Feed | undefined {
    return this.#feed
  }

  /** The worse of the decoder's and the subscription's; degraded while it waits for a filter. */
  get status(): Status {
    const own = this.instance.status
    const fed = this.feed?.status
    const works = own.state === 'ready' || own.state === 'degraded'
    const closed = this.intake.filters?.closed
    if (works && closed !== undefined)
      return { state: 'degraded', sinceMs: closed.sinceMs, reason: `waits for its filter ${closed.name}` }
    return works && fed !== undefined && fed.state !== 'ready' && fed.state !== 'stopped' ? fed : own
  }

  /** Takes no more: ends the subscription, or the source. Resolves when nothing will follow. */
  async end(): Promise<void> {
    await this.feed?.stop()
    this.intake.setCredit(0)
    const session = this.instance.live?.session
    if (session?.start !== undefined) await session.stop?.()
  }

  /**
   * Takes what startup.yaml says of it now. Where it is subscribed otherwise, the new subscription begins before the old one ends;
   * `connect` makes that with the transport it names. Rejects with SG_SUBSCRIBE_FAILED when it cannot be made: the old one goes on.
   */
  async update(spec: InputSpec, connect: (feed: Feed) => Promise<void>): Promise<void> {
    const [before, was] = [this.#feed, this.#spec]
    this.#spec = spec
    if (isDeepStrictEqual(spec.from, was.from)) return
    const next = this.#subscription(spec)
    this.#feed = next
    if (next !== undefined) {
      const session = this.instance.live?.session
      void next.setDecodes(session !== undefined && session.start === undefined)
      await connect(next)
      const { state, reason } = next.status
      if (state === 'failed') {
        this.#feed = before
        this.#spec = was
        await next.stop()
        throw new GatewayError('SG_SUBSCRIBE_FAILED', `the old subscription goes on: ${reason}`)
      }
    }
    await before?.stop()
  }

  /** Ends its work, for good: takes nothing more, waits so long for the fate of what it has taken, then gives back the rest. */
  async retire(drainMs: number): Promise<{ readonly returned: number }> {
    const over = new AbortController()
    const drained = this.end()
      .catch(() => undefined)
      .then(() => this.intake.idle())
    await Promise.race([drained, sleep(drainMs, over.signal)])
    over.abort()
    const { inFlight } = this.intake
    this.intake.returnWaiting(new GatewayError('SG_STOPPING', `the input ${this.#spec.name} was taken away`))
    return { returned: inFlight }
  }

  #subscription({ name, from }: InputSpec): Feed | undefined {
    return from && new Feed(name, from, this.intake, this.#host)
  }

  async #attach(next: Live, before: Live | undefined, signal: AbortSignal): Promise<void> {
    const { session } = next
    this.#reroute()
    const { decodeMany } = session as { readonly decodeMany?: DecodeMany }
    if (session.decode !== undefined || decodeMany !== undefined) {
      if (this.feed === undefined)
        throw new GatewayError('SG_NO_FROM', `${this.#spec.name} has no subscription`)
      // What the one before is at comes first, so that the order is kept.
      await this.#home(DECODE_GRACE_MS)
      if (decodeMany !== undefined) this.intake.setRemoteDecoder(decodeMany)
      else this.intake.setDecoder(session.decode!.bind(session))
      void this.feed.setDecodes(true)
      return
    }
    if (this.feed !== undefined) {
      const message = `${this.#spec.name} brings its records itself: its plugin takes no \`from\``
      throw new GatewayError('SG_OPTIONS_INVALID', message)
    }
    const start = async (): Promise<void> => {
      // Two generations of a source would both produce: the old one ends first.
      if (before !== undefined) await this.#stopSource(before)
      this.intake.setDecoder(() => {})
      await session.start?.((fill) => (next.isOver() ? this.#tooLate() : this.intake.emit(fill)))
    }
    try {
      await within(start, { what: 'start', ms: OPEN_TIMEOUT_MS, signal })
    } catch (error) {
      before?.fail(new Error('it was stopped for a generation that did not start'))
      throw error
    }
  }

  async #stopSource({ session }: Live): Promise<void> {
    try {
      await within(() => session.stop?.(), { what: 'stop', ms: STOP_GRACE_MS })
    } catch (err) {
      this.#host.log.warn(
        { component: this.#spec.name, err },
        `stop failed or did not finish within ${STOP_GRACE_MS} ms; going on without it`,
      )
    }
  }

  async #shadow(
    { session }: Live,
    before: Live | undefined,
    spanMs: number,
    signal: AbortSignal,
  ): Promise<ShadowReport> {
    const { decodeMany } = session as { readonly decodeMany?: DecodeMany }
    if (before === undefined || session.start !== undefined) {
      const message = `${this.#spec.name} ${before === undefined ? 'has nothing that works to be compared with' : 'brings its records itself: a second one would bring them twice'}`
      throw new GatewayError('SG_NO_SHADOW', message)
    }
    const shadow = new DecodeShadow(decodeMany ?? ((messages) => decodeHere(session, messages)), signal)
    this.intake.setShadow((messages, decoded) => shadow.take(messages, decoded))
    try {
      await sleep(spanMs, signal)
    } finally {
      this.intake.setShadow(undefined)
    }
    return await shadow.report(spanMs)
  }

  #tooLate(): Promise<never> {
    const message = `${this.#spec.name} was stopped: what it brings now is not taken`
    return Promise.reject(new GatewayError('SG_STOPPING', message))
  }

  /** Keeps a message that cannot be decoded where a person finds it. */
  async #keep({ message, letter }: Delivery, { message: reason }: Error): Promise<void> {
    const generation = this.instance.live?.number ?? 0
    await this.#host.deadLetters.add([
      { kind: 'message', instance: this.#spec.name, generation, reason, message, letter },
    ])
  }

  // The subscription stays: what it has brought waits for the next decoder, and its source sends no more than it may.
  async #detach(graceMs: number): Promise<void> {
    await this.#home(Math.max(graceMs, HOME_MS))
    this.intake.setDecoder(undefined)
  }

  async #home(graceMs: number): Promise<void> {
    await this.intake.home(AbortSignal.timeout(graceMs))
  }
}

async function decodeHere(session: InputSession, messages: readonly Message[]): Promise<Decoded> {
  const decode = (message: Message, out: RecordSink): void => session.decode!(message, out)
  return decodeEach(messages, 0, decode, new Sink())
}
