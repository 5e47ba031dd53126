import type { Message, PluginError, RecordSink } from '@smart-gateway/sdk'
import type { Owner } from './chunk.ts'
import type { Source } from './source.ts'

/** Where a delivery's fate is counted. */
export interface Settlement {
  settled(delivery: Delivery): void
}

/** What is left of a message that has its fate. */
const SETTLED: Message = { body: Buffer.alloc(0) }

/**
 * One message between its receipt and its fate. `outstanding` counts the acceptances that are still missing: one for each
 * of its records at each required output. At zero the message is settled: acknowledged, or refused when an output said no. Then it lets
 * go of all that it holds: it may still lie in the queues of optional outputs, for as long as those take.
 */
export class Delivery implements Owner {
  /** The subscription that it came with. */
  readonly source: Source | undefined
  /** The dead letter that is tried again with it. */
  readonly letter: number | undefined
  readonly isStored = false
  /** Why an output or the decoder refused it for good, or why it is given back. */
  failure: PluginError | undefined
  #message: Message
  #fill: ((out: RecordSink) => void) | undefined
  #outstanding = 0
  readonly #settlement: Settlement
  /** Undefined once it is settled, as the other one. */
  #resolve: (() => void) | undefined
  #reject: ((error: PluginError) => void) | undefined

  constructor(
    message: Message,
    settlement: Settlement,
    resolve: () => void,
    reject: (error: PluginError) => void,
    fill?: (out: RecordSink) => void,
    source?: Source,
    letter?: number,
  ) {
    this.#message = message
    this.#fill = fill
    this.source = source
    this.letter = letter
    this.#settlement = settlement
    this.#resolve = resolve
    this.#reject = reject
  }

  /** An empty one once it is settled. */
  get message(): Message {
    return this.#message
  }

  /** What makes the records when the input has no transport; the decoder makes them otherwise. */
  get fill(): ((out: RecordSink) => void) | undefined {
    return this.#fill
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
    return this.#resolve === undefined ? undefined : this.#settlement
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
    const resolve = this.#resolve
    const reject = this.#reject
    if (resolve === undefined || reject === undefined) return
    this.#resolve = undefined
    this.#reject = undefined
    this.#settlement.settled(this)
    this.#message = SETTLED
    this.#fill = undefined
    if (this.failure === undefined) resolve()
    else reject(this.failure)
  }
}
