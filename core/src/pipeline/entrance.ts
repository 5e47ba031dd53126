import type { Chunk, Owner } from './chunk.ts'

/** What happens to records that come while the queue is full. */
export type WhenFull = 'block' | 'dropOldest' | 'dropNewest'

/** How much a queue holds and what it does beyond that. */
export interface QueueLimits {
  readonly maxBytes: number
  /** Default: no bound of its own. */
  readonly maxRecords?: number
  readonly whenFull: WhenFull
  /** A record that is older when its turn comes is let go of: by its own time, else by its arrival. Default: none is too old. */
  readonly maxAgeMs?: number
}

/** Why a queue lets go of records, in words for who wanted one of them delivered. */
export const FULL = 'the queue of its output was full and let go of it'
export const TOO_OLD = "it is older than its output's queue.maxAge"

/** What a queue holds. */
export interface Holding {
  readonly bytes: number
  readonly records: number
}

/** True when a queue takes no more where it blocks or drops the newest. */
export function isFull(
  { maxBytes, maxRecords = Infinity }: QueueLimits,
  { bytes, records }: Holding,
): boolean {
  return bytes >= maxBytes || records >= maxRecords
}

/** True when a queue that drops the oldest has to. */
export function isOver(
  { maxBytes, maxRecords = Infinity }: QueueLimits,
  { bytes, records }: Holding,
): boolean {
  return bytes > maxBytes || records > maxRecords
}

/** How many records of a size each may come, or, where it is negative, have to go, until a queue holds what it may. */
export function roomIn(
  { maxBytes, maxRecords = Infinity }: QueueLimits,
  { bytes, records }: Holding,
  bytesEach: number,
): number {
  return Math.min(maxRecords - records, Math.floor((maxBytes - bytes) / bytesEach))
}

/** The end of a queue that inputs see. */
export interface Entrance {
  /** True when a source that needs this output has to wait. */
  readonly blocks: boolean
  /** Takes a chunk, or lets go of records as the policy says. It is taken all the same when it blocks: who asks first is bounded. */
  push(chunk: Chunk, required: boolean): void
  /** Says that a source can send no more before what is here has its fate. */
  hurry(): void
  /** Calls back once, as soon as it does not block, however often it was asked with the same callback. */
  onRoom(callback: () => void): void
  /** Lets go of what came with a source that is gone: its peer sends it again. Returns who that was. What is being written stays. */
  purge(source: object): ReadonlySet<Owner>
  /** Who the records belong to that are here or being written; one may come several times. */
  owners(): Iterable<Owner>
}
