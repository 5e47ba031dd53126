/** Where messages come from, one subscription, and how many of them have no fate yet. */
export class Source {
  #open = 0
  #onIdle: (() => void)[] = []

  /** A message was taken. */
  took(): void {
    this.#open++
  }

  /** One of its messages has its fate. */
  settled(): void {
    if (--this.#open === 0 && this.#onIdle.length > 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** Resolves as soon as every message has its fate. */
  idle(): Promise<void> {
    if (this.#open === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }
}
