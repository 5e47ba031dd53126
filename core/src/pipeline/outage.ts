import { Backoff, sleep } from '../backoff.ts'

/** Between two tries to write: what was drained meanwhile may have made room. */
const RETRY = { initialMs: 500, maxMs: 5000 }

/** The time in which a disk queue can take nothing: it is tried again and again until something is on the disk. */
export class Outage {
  readonly #failing: (error: Error, delayMs: number) => void
  readonly #works: () => void
  readonly #retry: () => void
  readonly #closing: AbortSignal
  readonly #backoff = new Backoff(RETRY)
  #told = false
  #waits = false

  constructor(
    told: { failing(error: Error, delayMs: number): void; works(): void },
    retry: () => void,
    closing: AbortSignal,
  ) {
    this.#failing = (error, delayMs) => told.failing(error, delayMs)
    this.#works = () => told.works()
    this.#retry = retry
    this.#closing = closing
  }

  /** It begins, or a try failed: the next one comes later. */
  begin(error: Error): void {
    if (this.#waits || this.#closing.aborted) return
    this.#waits = true
    this.#told = true
    const delayMs = this.#backoff.next()
    this.#failing(error, delayMs)
    void sleep(delayMs, this.#closing).then(() => {
      this.#waits = false
      if (!this.#closing.aborted) this.#retry()
    })
  }

  /** It is over, if there was one. */
  end(): void {
    if (!this.#told) return
    this.#told = false
    this.#backoff.reset()
    this.#works()
  }
}
