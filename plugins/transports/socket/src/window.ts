/** What may be under way: handed in, and its fate not known yet. */
interface Limits {
  readonly messages: number
  readonly bytes: number
}

/** What one connection may have under way: a share, so that many can be served at once. */
export const CONNECTION: Limits = { messages: 1000, bytes: 4_194_304 }

/** What all connections together may have under way. */
export const ALL: Limits = { messages: 10_000, bytes: 33_554_432 }

/** Counts what is under way. */
export class Window {
  readonly #limits: Limits
  #messages = 0
  #bytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** True when no more shall be read; what is read already may go beyond. */
  get full(): boolean {
    return this.#messages >= this.#limits.messages || this.#bytes >= this.#limits.bytes
  }

  add(messages: number, bytes: number): void {
    this.#messages += messages
    this.#bytes += bytes
  }
}
