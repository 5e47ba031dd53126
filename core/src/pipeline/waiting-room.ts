import type { Chunk } from './chunk.ts'

/** A chunk that is not on the disk yet. */
export interface Waiting {
  readonly chunk: Chunk
  readonly required: boolean
  /** On its way to the disk. */
  underWay: boolean
}

/** What waits for the disk, in the order in which it came, and how much memory it takes. */
export class WaitingRoom implements Iterable<Waiting> {
  readonly #waiting = new Set<Waiting>()
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  get empty(): boolean {
    return this.#waiting.size === 0
  }

  enter(waiting: Waiting): void {
    this.#waiting.add(waiting)
    this.#bytes += waiting.chunk.bytes
  }

  /** Lets one leave, wherever it stands. One may leave while they are gone through. */
  leave(waiting: Waiting): void {
    if (this.#waiting.delete(waiting)) this.#bytes -= waiting.chunk.bytes
  }

  [Symbol.iterator](): Iterator<Waiting> {
    return this.#waiting.values()
  }
}
