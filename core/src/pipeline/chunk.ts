import type { Batch, PluginError } from '@smart-gateway/sdk'
import { sliceBatch } from './batches.ts'

/** Who has to know of the fate of records: the message that they came with, or the row of a disk queue that they lie in. */
export interface Owner {
  /** The subscription that it came with. */
  readonly source: object | undefined
  /** Where it is counted while it has no fate; undefined once it has one, and for what no input waits for. */
  readonly openAt: object | undefined
  /** The dead letter that is tried again with it. */
  readonly letter: number | undefined
  /** Whether it lies on the disk, where it is counted, and stays there until all its records have their fate. */
  readonly isStored: boolean
  /** Why an output refused it for good. */
  failure: PluginError | undefined
  /** So many of its records have their fate at one output. */
  accept(records: number): void
  /** Its source is gone and will send it again. */
  abandon(error: PluginError): void
}

/**
 * Records of one signal that were decoded in one go, shared unchanged by the queues of all outputs they go to.
 * `owners[i]` is the message of the records from `ends[i - 1]` (0 for the first) up to `ends[i]`.
 */
export interface Chunk {
  /** The input that made it. */
  readonly input: string
  readonly batch: Batch
  readonly owners: readonly Owner[]
  readonly ends: readonly number[]
  /** When it was decoded, milliseconds since the epoch. */
  readonly arrivedMs: number
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

/**
 * As `settlePart`, of records that a queue's policy let go of: for their messages a fate like any other. A dead letter was not delivered,
 * and is told why.
 */
export function letGo(part: Part, why: string): void {
  if (part.required)
    for (const { owner } of stretchesOf(part))
      if (owner.letter !== undefined) owner.failure ??= new Error(why)
  settlePart(part)
}

/** Cuts a part into stretches of which each is of owners that came with this source, with its owner, or of others. */
export function* cutAtOwners(
  part: Part,
  source: object,
): Generator<{ readonly part: Part; readonly owner: Owner | undefined }> {
  const { owners, ends } = part.chunk
  let others = part.from
  for (let i = firstEndAfter(ends, part.from), at = part.from; at < part.to; i++) {
    const end = Math.min(ends[i]!, part.to)
    const owner = owners[i]!
    // What was acknowledged to it already, it does not send again.
    if (owner.source === source && owner.openAt !== undefined) {
      if (others < at) yield { part: { ...part, from: others, to: at }, owner: undefined }
      yield { part: { ...part, from: at, to: end }, owner }
      others = end
    }
    at = end
  }
  if (others < part.to) yield { part: { ...part, from: others }, owner: undefined }
}

/** A stretch of a chunk as a chunk of its own. */
export function sliceChunk(chunk: Chunk, from: number, to: number): Chunk {
  const part = { chunk, from, to, required: true }
  const stretches = [...stretchesOf(part)]
  let end = 0
  return {
    ...chunk,
    batch: sliceBatch(chunk.batch, from, to),
    owners: stretches.map(({ owner }) => owner),
    ends: stretches.map(({ records }) => (end += records)),
    bytes: (chunk.bytes * (to - from)) / chunk.batch.length,
  }
}

/** The owners of a part's records, each with how many of them are its own. */
export function* stretchesOf({
  chunk,
  from,
  to,
}: Part): Generator<{ readonly owner: Owner; readonly records: number }> {
  const { owners, ends } = chunk
  for (let i = firstEndAfter(ends, from), at = from; at < to; i++) {
    const end = Math.min(ends[i]!, to)
    yield { owner: owners[i]!, records: end - at }
    at = end
  }
}

/** Who a record belongs to. */
export function ownerOf({ owners, ends }: Chunk, record: number): Owner {
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
