import type { Message, PluginError, RecordSink } from '@smart-gateway/sdk'
import type { Owner } from './chunk.ts'
import type { Source } from './source.ts'

/** Where a delivery's fate is counted. */
export interface Settlement {
  settled(delivery: Delivery): void
}

/**
 * One message between its receipt and its fate. `outstanding` counts the acceptances that are still missing: one for each
 * of its records at each required output. At zero the message is settled: acknowledged, or refused when an output said no.
 */
export class Delivery implements Owner {
  readonly message: Message
  /** What makes the records when the input has no transport; the decoder makes them otherwise. */
  readonly fill: ((out: RecordSink) => void) | undefined
  /** The subscription that it came with. */
  readonly source: Source | undefined
  /** The dead letter that is tried again with it. */
  readonly letter: number | undefined
  readonly isStored = false
  /** Why an output or the decoder refused it for good, or why it is given back. */
  failure: PluginError | undefined
  #outstanding = 0
  #settled = false
  readonly #settlement: Settlement
  readonly #resolve: () => void
  readonly #reject: (error: PluginError) => void

  constructor(
    message: Message,
    settlement: Settlement,
    resolve: () => void,
    reject: (error: PluginError) => void,
    fill?: (out: RecordSink) => void,
    source?: Source,
    letter?: number,
  ) {
    this.message = message
    this.fill = fill
    this.source = source
    this.letter = letter
    this.#settlement = settlement
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Says how many acceptances it takes; with none it is settled at once. */
  expect(acceptances: number): void {
    this.#outstanding = acceptances
    if (acceptances === 0) this.#settle()
  }

  /** Counts acceptances, refusals and policy drops alike: each is a fate. */
  accept(acceptances: number): void {
    this.#outstanding -= acceptances
    if (this.#outstanding === 0) this.#settle()
  }

  get openAt(): object | undefined {
    return this.#settled ? undefined : this.#settlement
  }

  abandon(error: PluginError): void {
    this.failure = error
    this.#settle()
  }

  /** Refuses the whole message before any of its records was routed. */
  refuse(error: PluginError): void {
    this.failure = error
    this.#settle()
  }

  #settle(): void {
    if (this.#settled) return
    this.#settled = true
    this.#settlement.settled(this)
    if (this.failure === undefined) this.#resolve()
    else this.#reject(this.failure)
  }
}
