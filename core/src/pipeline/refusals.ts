import type { Message, PluginError } from '@smart-gateway/sdk'
import type { Notes } from './decoded.ts'
import type { Delivery } from './delivery.ts'

/** What an intake tells its owner about messages and elements that do not decode. */
export interface DecodeFailures {
  /** A message is refused for good, or given back; its peer is told when the promise is kept. It must not reject. */
  refused(delivery: Delivery, error: PluginError): Promise<void> | void
  /** Elements were refused, that many; the first one for this reason. */
  rejected(message: Message, elements: number, reason: string): void
}

/** How many there were. */
export interface RefusalCounts {
  undecodable: number
  rejectedElements: number
  skippedElements: number
}

/** Messages and elements that do not decode: counted, told, and kept before their peer is told. */
export class Refusals {
  /** Being kept as dead letters. */
  readonly pending = new Set<Delivery>()
  readonly #counts: RefusalCounts
  readonly #failures: DecodeFailures

  constructor(counts: RefusalCounts, failures: DecodeFailures) {
    this.#counts = counts
    this.#failures = failures
  }

  refuse(delivery: Delivery, error: PluginError): void {
    this.#counts.undecodable++
    const retryable = error.retryable ?? false
    const refusal = Object.assign(new Error(error.message, { cause: error }), { retryable })
    const kept = this.#failures.refused(delivery, error)
    if (kept === undefined) return delivery.refuse(refusal)
    this.pending.add(delivery)
    void kept.then(() => {
      this.pending.delete(delivery)
      delivery.refuse(refusal)
    })
  }

  note({ message }: Delivery, { rejected, firstRejection, skips }: Notes): void {
    this.#counts.skippedElements += skips
    if (rejected === 0) return
    this.#counts.rejectedElements += rejected
    this.#failures.rejected(message, rejected, firstRejection)
  }
}
