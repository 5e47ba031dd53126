import type { PluginError } from '@smart-gateway/sdk'
import type { Owner } from './chunk.ts'

/** A row of a disk queue's file: it goes when all its records have their fate at the store. */
export class Row implements Owner {
  readonly input: string
  readonly source = undefined
  readonly openAt = undefined
  readonly letter = undefined
  readonly isStored = true
  failure: PluginError | undefined
  /** Records that have no fate yet. */
  left: number
  /** Whether its records are in the memory queue. */
  inFront = false
  readonly #done: () => void

  constructor(input: string, records: number, done: () => void) {
    this.input = input
    this.left = records
    this.#done = done
  }

  accept(records: number): void {
    this.left -= records
    if (this.left === 0) this.#done()
  }

  abandon(): void {
    // Its messages were acknowledged when it came to the disk: nobody sends them again.
  }
}
