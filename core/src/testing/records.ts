import type { Batch, LogRecord, MetricBatch, Series } from '@smart-gateway/sdk'
import type { Chunk } from '../pipeline/chunk.ts'
import { Delivery } from '../pipeline/delivery.ts'

/** The series of every test sample. */
export const SERIES: Series = Object.freeze({
  name: 'test',
  labels: Object.freeze({}),
  type: 'untyped',
  intervalMs: 0,
})

/** A log line that is told apart by its message. */
export function line(message: string): LogRecord {
  return { index: 'test', timeMs: 0, severity: 'info', publisher: 'test', labels: {}, message }
}

/** What tells the records of a batch apart: the values of samples, the messages of log lines. */
export function idsOf(batch: Batch): readonly (number | string)[] {
  if (batch.signal === 'metric') return Array.from(batch.values)
  return batch.records.map((record) => ('message' in record ? record.message : record.index))
}

/** A message whose fate is kept. */
export interface Tracked {
  readonly delivery: Delivery
  fate: 'none' | 'settled' | Error
  settledTimes: number
}

export function tracked(acceptances: number): Tracked {
  const message = { body: Buffer.alloc(0) }
  const tracking: Tracked = {
    fate: 'none',
    settledTimes: 0,
    delivery: new Delivery(
      message,
      { settled: () => void tracking.settledTimes++ },
      () => void (tracking.fate = 'settled'),
      (error) => void (tracking.fate = error),
    ),
  }
  tracking.delivery.expect(acceptances)
  return tracking
}

/** A chunk of samples with the given values, 100 bytes each, as messages that hold so many of them each. */
export function chunkOf(values: readonly number[], owners: readonly (readonly [Tracked, number])[]): Chunk {
  const batch: MetricBatch = {
    signal: 'metric',
    length: values.length,
    series: values.map(() => SERIES),
    values,
    times: values.map(() => 0),
  }
  let end = 0
  const ends = owners.map(([, count]) => (end += count))
  return {
    input: 'input',
    arrivedMs: Date.now(),
    batch,
    owners: owners.map(([{ delivery }]) => delivery),
    ends,
    bytes: values.length * 100,
  }
}

/** Whole numbers from `from` up to `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
