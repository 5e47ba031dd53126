/** To cross to a thread costs as much for one message as for a hundred: crossings are so far apart, */
const APART_MS = 1
/** unless so much would cross. */
const ENOUGH = 100

/** Spaces the crossings to the thread of one instance where they come thick and fast: each carries more then. One after a pause goes at once. */
export class Pace {
  #lastMs = -Infinity
  readonly #waiting = new Set<() => void>()

  /** Whether the next crossing had better wait, with so many messages or records that would cross. */
  tooSoon(count: number): boolean {
    return count < ENOUGH && performance.now() - this.#lastMs < APART_MS
  }

  /** Calls back when it need not wait any more, once, however often it was asked with the same callback. */
  later(goOn: () => void): void {
    if (this.#waiting.size === 0) setTimeout(() => this.#release(), APART_MS)
    this.#waiting.add(goOn)
  }

  /** Takes note of a crossing. */
  crossed(): void {
    this.#lastMs = performance.now()
  }

  #release(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const goOn of waiting) goOn()
  }
}
