import type { Message, PluginError } from '@smart-gateway/sdk'
import { sleep } from '../backoff.ts'
import { asError, GatewayError } from '../errors.ts'
import type { Decoded } from './decoded.ts'
import type { Delivery } from './delivery.ts'
import { Suspicion } from './suspicion.ts'

/** The verb of an input's session whose code runs elsewhere. Rejects when it ended meanwhile. */
export type DecodeMany = (messages: readonly Message[]) => Promise<Decoded>

/** What became of messages that were sent away. */
export type Back =
  | { readonly kind: 'decoded'; readonly deliveries: readonly Delivery[]; readonly decoded: Decoded }
  /** They were not decoded, and shall be sent again: to another decoder, this one has ended. */
  | { readonly kind: 'undecoded'; readonly deliveries: readonly Delivery[] }
  /** The decoder has ended on this one message, as one before it. */
  | { readonly kind: 'poison'; readonly delivery: Delivery; readonly error: PluginError }

const MAX_MESSAGES = 1000
/** Of the first batch for a decoder; each further one may have twice as many. What has gathered while it was opened would come back as one long turn. */
const FIRST_MESSAGES = 100
const MAX_BYTES = 1024 * 1024

/**
 * The messages that are being decoded elsewhere, one batch at a time. When the decoder ends on a batch, its messages are sent again one
 * by one: the one that it ends on again is poison, the others go on.
 */
export class Away {
  #deliveries: readonly Delivery[] = []
  #mostMessages = FIRST_MESSAGES
  readonly #suspicion = new Suspicion()
  #onEmpty: (() => void)[] = []

  get deliveries(): readonly Delivery[] {
    return this.#deliveries
  }

  /** Whether a batch can be sent. */
  get free(): boolean {
    return this.#deliveries.length === 0
  }

  /** Another decoder comes: its first batch is small. */
  beginSmall(): void {
    this.#mostMessages = FIRST_MESSAGES
  }

  /** Takes the next messages out of `waiting` and has them decoded. Never rejects. */
  async send(waiting: Delivery[], decodeMany: DecodeMany): Promise<Back> {
    const deliveries = waiting.splice(0, this.#suspicion.any ? 1 : fitting(waiting, this.#mostMessages))
    this.#mostMessages = Math.min(2 * this.#mostMessages, MAX_MESSAGES)
    this.#deliveries = deliveries
    try {
      const decoded = await decodeMany(deliveries.map(({ message }) => message))
      if (!this.#isOurs(deliveries)) return { kind: 'undecoded', deliveries: [] }
      this.#suspicion.passed(decoded.count)
      return { kind: 'decoded', deliveries: this.#return(), decoded }
    } catch (thrown) {
      if (!this.#isOurs(deliveries)) return { kind: 'undecoded', deliveries: [] }
      return this.#failed(deliveries, asError(thrown))
    }
  }

  /** Resolves when nothing is away, or when the signal aborts. */
  async empty(signal: AbortSignal): Promise<void> {
    if (this.free) return
    const home = new AbortController()
    this.#onEmpty.push(() => home.abort())
    await sleep(MAX_WAIT_MS, AbortSignal.any([home.signal, signal]))
  }

  /** Gives up what is away: a late answer is ignored. */
  abandon(): readonly Delivery[] {
    return this.#return()
  }

  /** As `abandon`, of what has had its time: one of it may be what the decoder hangs on. */
  giveUp(): Back {
    const error = new GatewayError('SG_WORKER_ENDED', 'it was not through with it when its time was over')
    return this.#failed(this.#deliveries, error)
  }

  #failed(deliveries: readonly Delivery[], error: PluginError): Back {
    this.#return()
    // It was ended on purpose: the messages are not to blame.
    if (error.code === 'SG_STOPPING') return { kind: 'undecoded', deliveries }
    const poison = this.#suspicion.ended(deliveries.length, error)
    if (poison === undefined) return { kind: 'undecoded', deliveries }
    return { kind: 'poison', delivery: deliveries[0]!, error: poison }
  }

  #isOurs(deliveries: readonly Delivery[]): boolean {
    return this.#deliveries === deliveries
  }

  #return(): readonly Delivery[] {
    const deliveries = this.#deliveries
    this.#deliveries = []
    for (const tell of this.#onEmpty.splice(0)) tell()
    return deliveries
  }
}

const MAX_WAIT_MS = 60_000

function fitting(waiting: readonly Delivery[], mostMessages: number): number {
  let bytes = 0
  let count = 0
  for (const { message } of waiting) {
    bytes += message.body.length
    if (count > 0 && (bytes > MAX_BYTES || count >= mostMessages)) break
    count++
  }
  return count
}
