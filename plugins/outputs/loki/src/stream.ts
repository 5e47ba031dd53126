/** Names and values by turns, which costs no object per pair. */
export type Pairs = readonly string[]

/** One line on its way, as Loki knows it. All text is well-formed Unicode. */
export interface Entry {
  /** The record's position in its batch. */
  readonly index: number
  /** Whole milliseconds since the epoch. */
  readonly timeMs: number
  /** Nanoseconds past `timeMs`, 0 to 999,999. */
  readonly timeNs: number
  readonly line: string
  /** Structured metadata. */
  readonly metadata: Pairs
  /** What Loki counts for it: its line and its metadata, in UTF-8. */
  readonly bytes: number
}

/** Lines with the same labels, in the order in which they came. */
export interface Stream {
  readonly labels: Pairs
  readonly labelBytes: number
  readonly entries: readonly Entry[]
}

/** What one request holds. */
export type Push = readonly Stream[]

/** What Loki counts for pairs, in UTF-8. */
export function bytesOf(pairs: Pairs): number {
  let bytes = 0
  // Safe names are ASCII.
  for (let i = 0; i < pairs.length; i += 2) bytes += pairs[i]!.length + Buffer.byteLength(pairs[i + 1]!)
  return bytes
}
