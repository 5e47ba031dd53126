import type { Batch, EventRecord, LogRecord, MetricBatch, Series } from '@smart-gateway/sdk'

/** The records `from` up to `to` of a batch; the batch itself when that is all of it. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.length) return batch
  if (batch.signal === 'metric') return sliceMetrics(batch, from, to)
  return { ...batch, length: to - from, records: batch.records.slice(from, to) } as Batch
}

/** One record with its signal; a metric sample as the object that columns spare. */
export type OneRecord =
  | { readonly signal: 'metric'; readonly record: Sample }
  | { readonly signal: 'event'; readonly record: EventRecord }
  | { readonly signal: 'log'; readonly record: LogRecord }

/** A metric sample by itself. */
export interface Sample {
  readonly series: Series
  readonly value: number
  readonly timeMs: number
}

/** One record of a batch. */
export function recordAt(batch: Batch, at: number): OneRecord {
  if (batch.signal === 'event') return { signal: 'event', record: batch.records[at]! }
  if (batch.signal === 'log') return { signal: 'log', record: batch.records[at]! }
  return {
    signal: 'metric',
    record: { series: batch.series[at]!, value: batch.values[at]!, timeMs: batch.times[at]! },
  }
}

/** A batch of one record. */
export function batchOf({ signal, record }: OneRecord): Batch {
  if (signal === 'event') return { signal, length: 1, records: [record] }
  if (signal === 'log') return { signal, length: 1, records: [record] }
  return { signal, length: 1, series: [record.series], values: [record.value], times: [record.timeMs] }
}

/** Batches of one signal as one. */
export function joinBatches(batches: readonly Batch[]): Batch {
  const first = batches[0]!
  if (batches.length === 1) return first
  if (first.signal === 'metric') return joinMetrics(batches as readonly MetricBatch[])
  const records = (batches as readonly { records: readonly (EventRecord | LogRecord)[] }[]).flatMap(
    (one) => one.records,
  )
  return { signal: first.signal, length: records.length, records } as Batch
}

function sliceMetrics(batch: MetricBatch, from: number, to: number): MetricBatch {
  const values: number[] = []
  const times: number[] = []
  for (let i = from; i < to; i++) {
    values.push(batch.values[i]!)
    times.push(batch.times[i]!)
  }
  return { signal: 'metric', length: to - from, series: batch.series.slice(from, to), values, times }
}

function joinMetrics(batches: readonly MetricBatch[]): MetricBatch {
  const series: MetricBatch['series'][number][] = []
  const values: number[] = []
  const times: number[] = []
  for (const batch of batches) {
    for (let i = 0; i < batch.length; i++) {
      series.push(batch.series[i]!)
      values.push(batch.values[i]!)
      times.push(batch.times[i]!)
    }
  }
  return { signal: 'metric', length: series.length, series, values, times }
}
