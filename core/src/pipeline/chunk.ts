import type { Batch, PluginError } from '@smart-gateway/sdk'
import type { Delivery } from './delivery.ts'

/**
 * Records of one signal that were decoded in one go, shared unchanged by the queues of all outputs they go to.
 * `owners[i]` is the message of the records from `ends[i - 1]` (0 for the first) up to `ends[i]`.
 */
export interface Chunk {
  /** The input that made it. */
  readonly input: string
  readonly batch: Batch
  readonly owners: readonly Delivery[]
  readonly ends: readonly number[]
  /** Estimated heap size of the records and their messages. */
  readonly bytes: number
}

/** A stretch of one chunk's records at one output. */
export interface Part {
  readonly chunk: Chunk
  readonly from: number
  readonly to: number
  /** Whether this output's acceptance is needed before the messages are acknowledged. */
  readonly required: boolean
}

/** Tells the messages of a part that its records have met their fate, accepted or, with an error, refused for good. */
export function settlePart({ chunk, from, to, required }: Part, failure?: PluginError): void {
  if (!required) return
  const { owners, ends } = chunk
  for (let i = firstEndAfter(ends, from), at = from; at < to; i++) {
    const end = Math.min(ends[i]!, to)
    const owner = owners[i]!
    if (failure !== undefined) owner.failure ??= failure
    owner.accept(end - at)
    at = end
  }
}

/** The message that a record came with. */
export function ownerOf({ owners, ends }: Chunk, record: number): Delivery {
  return owners[firstEndAfter(ends, record)]!
}

function firstEndAfter(ends: readonly number[], index: number): number {
  if (index === 0) return 0
  let low = 0
  let high = ends.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle]! > index) high = middle
    else low = middle + 1
  }
  return low
}
