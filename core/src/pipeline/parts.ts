import type { Batch, PluginError, Rejection } from '@smart-gateway/sdk'
import { joinBatches, sliceBatch } from './batches.ts'
import type { Chunk, Part } from './chunk.ts'

/** Records that a store refused for good. */
export interface Refused {
  readonly part: Part
  readonly error: PluginError
}

/** Cuts parts into pieces of one fate each. */
export function divide(parts: readonly Part[], rejected: readonly Rejection[]) {
  const errors = new Map(rejected.map(({ index, error }) => [index, error]))
  const pieces: Part[] = []
  const accepted: Part[] = []
  const refused: Refused[] = []
  const left: Part[] = []
  let index = 0
  for (const part of parts) {
    let from = part.from
    while (from < part.to) {
      const error = errors.get(index)
      let to = from
      do {
        to++
        index++
      } while (to < part.to && errors.get(index) === error)
      const piece = { ...part, from, to }
      pieces.push(piece)
      if (error === undefined) accepted.push(piece)
      else if (error.retryable === false) refused.push({ part: piece, error })
      else left.push(piece)
      from = to
    }
  }
  return { pieces, accepted, refused, left }
}

/** The first record of parts, and the others. */
export function firstRecord(parts: readonly Part[]): readonly [readonly Part[], readonly Part[]] {
  const [first, ...rest] = parts
  if (first === undefined) return [[], []]
  if (first.to - first.from === 1) return [[first], rest]
  const others = { ...first, from: first.from + 1 }
  return [[{ ...first, to: first.from + 1 }], [others, ...rest]]
}

/** Cuts parts in the middle of their records. */
export function halve(parts: readonly Part[]): readonly [readonly Part[], readonly Part[]] {
  let room = Math.ceil(countRecords(parts) / 2)
  const first: Part[] = []
  const second: Part[] = []
  for (const part of parts) {
    const middle = Math.min(part.to, part.from + room)
    if (middle > part.from) first.push({ ...part, to: middle })
    if (middle < part.to) second.push({ ...part, from: middle })
    room -= middle - part.from
  }
  return [first, second]
}

/** The records of parts of one signal as one batch. */
export function batchOfParts(parts: readonly Part[]): Batch {
  return joinBatches(parts.map(({ chunk, from, to }) => sliceBatch(chunk.batch, from, to)))
}

/** How many records parts hold. */
export function countRecords(parts: readonly Part[]): number {
  let records = 0
  for (const { from, to } of parts) records += to - from
  return records
}

/** A part's share of its chunk's bytes. */
export function bytesOf(part: Part): number {
  return (part.chunk.bytes * (part.to - part.from)) / part.chunk.batch.length
}

/** A record's own time, or else that of its arrival. */
export function timeOf({ batch, arrivedMs }: Chunk, at: number): number {
  const timeMs = batch.signal === 'metric' ? batch.times[at]! : batch.records[at]!.timeMs
  return timeMs === 0 ? arrivedMs : timeMs
}
