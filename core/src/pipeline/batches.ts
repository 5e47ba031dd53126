import type { Batch, EventRecord, LogRecord, MetricBatch } from '@smart-gateway/sdk'

/** The records `from` up to `to` of a batch; the batch itself when that is all of it. */
export function sliceBatch(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.length) return batch
  if (batch.signal === 'metric') return sliceMetrics(batch, from, to)
  return { ...batch, length: to - from, records: batch.records.slice(from, to) } as Batch
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
