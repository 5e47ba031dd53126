import type { Batch } from '@smart-gateway/sdk'
import type { Part } from './chunk.ts'
import { batchOfParts, bytesOf } from './parts.ts'

/**
 * What one session wrote and the one after it has not been told yet, in order. Bounded: once it is full it takes nothing more until it
 * was played to its end, so that a slow player catches up after all.
 */
export class Tape {
  readonly #maxBytes: number
  readonly #onFull: (bytes: number) => void
  readonly #batches: { readonly batch: Batch; readonly bytes: number }[] = []
  #bytes = 0
  #full = false
  #ended = false
  #wake: (() => void) | undefined
  #told: (() => void) | undefined
  #onEmpty: (() => void)[] = []

  /** `onFull` is told of it each time. */
  constructor(maxBytes: number, onFull: (bytes: number) => void) {
    this.#maxBytes = maxBytes
    this.#onFull = onFull
  }

  get full(): boolean {
    return this.#full
  }

  add(parts: readonly Part[]): void {
    const bytes = parts.reduce((sum, part) => sum + bytesOf(part), 0)
    this.#batches.push({ batch: batchOfParts(parts), bytes })
    this.#bytes += bytes
    this.#wake?.()
    if (this.#bytes < this.#maxBytes || this.#full) return
    this.#full = true
    this.#onFull(this.#bytes)
  }

  /** Says whom to tell when it is full no more. */
  onRoom(callback: () => void): void {
    this.#told = callback
  }

  /** Resolves as soon as all that was added has been played. */
  empty(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve)
      this.#tellEmpty()
    })
  }

  /** Plays what is on it and what will be, batch by batch, until it is ended. */
  async play(play: (batch: Batch) => Promise<void>): Promise<void> {
    while (!this.#ended) {
      const first = this.#batches[0]
      if (first === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      await play(first.batch)
      if (this.#ended) return
      this.#batches.shift()
      this.#bytes -= first.bytes
      this.#tellEmpty()
    }
  }

  /** Forgets what is on it. */
  end(): void {
    this.#ended = true
    this.#batches.length = 0
    this.#wake?.()
    this.#tellEmpty()
  }

  #tellEmpty(): void {
    if (this.#batches.length > 0) return
    this.#full = false
    for (const resolve of this.#onEmpty.splice(0)) resolve()
    this.#told?.()
  }
}
