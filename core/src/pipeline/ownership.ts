import type { Batch } from '@smart-gateway/sdk'
import type { Chunk } from './chunk.ts'
import type { Delivery } from './delivery.ts'
import { contentBytes } from './record-size.ts'

/** Gathers which message each record of a chunk came with. */
export class Ownership {
  readonly #owners: Delivery[] = []
  readonly #ends: number[] = []
  #bodyBytes = 0

  /** The records up to `end` that nobody owned before are this delivery's. */
  add(delivery: Delivery, end: number): void {
    this.#owners.push(delivery)
    this.#ends.push(end)
    this.#bodyBytes += delivery.message.body.length
  }

  /** The records with their owners. */
  chunk(input: string, batch: Batch): Chunk {
    return {
      input,
      arrivedMs: Date.now(),
      batch,
      owners: this.#owners,
      ends: this.#ends,
      bytes: this.#estimateBytes(batch),
    }
  }

  // A message's body is held until it is settled; a decoded event or log line is about twice its text; a sample is three
  // columns and its share of the arrays.
  #estimateBytes(batch: Batch): number {
    const { signal, length } = batch
    const records = signal === 'metric' ? length * 32 : this.#bodyBytes * 2 + length * 200
    return this.#bodyBytes + this.#owners.length * 300 + records + this.#bodilessBytes(batch)
  }

  /** What records hold that came without a message: no body says how much that is. */
  #bodilessBytes(batch: Batch): number {
    let bytes = 0
    for (const [i, { fill }] of this.#owners.entries())
      if (fill !== undefined) bytes += contentBytes(batch, this.#ends[i - 1] ?? 0, this.#ends[i]!)
    return bytes
  }
}
