import { reasonOf } from '../errors.ts'
import { openDeadLetters } from './dead-letters.ts'
import type { DeadLetterOptions, DeadLetters, Kept } from './dead-letters.ts'
import type { NewLetter } from './letter.ts'

/** A store that could not be opened is not tried again for each letter of a flood. */
const RETRY_MS = 30_000

/** The store of a gateway, opened when it is first needed: its thread takes memory that most gateways never need. */
export class DeadLetterBox {
  readonly #options: DeadLetterOptions
  #opening: Promise<DeadLetters | undefined> | undefined
  #opened: DeadLetters | undefined
  #triedMs = 0
  #closed = false
  /** Letters that could not be kept because there was no store. */
  #withoutStore = 0

  constructor(options: DeadLetterOptions) {
    this.#options = options
  }

  /** The store; undefined when it cannot be opened, which is logged. */
  async open(): Promise<DeadLetters | undefined> {
    if (this.#opened !== undefined || this.#closed) return this.#opened
    if (this.#opening === undefined && Date.now() - this.#triedMs < RETRY_MS) return undefined
    this.#opening ??= this.#try()
    return await this.#opening
  }

  /** Keeps letters; resolves when they are on the disk or could not be kept, and never rejects. */
  async add(letters: readonly NewLetter[]): Promise<Kept> {
    const store = await this.open()
    if (store !== undefined) return await store.add(letters)
    this.#withoutStore += letters.length
    return { kept: 0, notKept: letters.length, reason: 'there is no dead letter store' }
  }

  /** As `DeadLetters.counts`; nothing is in the store as far as is known before it was opened. */
  get counts(): DeadLetters['counts'] {
    const counts = this.#opened?.counts ?? NONE
    return { ...counts, notKept: counts.notKept + this.#withoutStore }
  }

  /** Keeps what it was given, then closes the file. */
  async close(): Promise<void> {
    this.#closed = true
    const store = (await this.#opening) ?? this.#opened
    this.#opened = undefined
    await store?.close()
  }

  async #try(): Promise<DeadLetters | undefined> {
    this.#triedMs = Date.now()
    try {
      this.#opened = await openDeadLetters(this.#options)
    } catch (error) {
      const { code, hint } = error as { code?: string; hint?: string }
      this.#options.log.error({ code, hint }, reasonOf(error))
    }
    this.#opening = undefined
    return this.#opened
  }
}

const NONE = { letters: 0, bytes: 0, kept: 0, notKept: 0, replayed: 0, dropped: 0, discarded: 0 }
