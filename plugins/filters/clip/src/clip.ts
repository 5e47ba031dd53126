import type { MetricBatch, Series } from '@smart-gateway/sdk'
import type { Range } from './ranges.ts'

/** The samples that are in the range of their series; the batch itself when all are. */
export function clip(batch: MetricBatch, rangeOf: (series: Series) => Range | undefined): MetricBatch {
  const { series, values, times, length } = batch
  const isOutside = (i: number): boolean => {
    const range = rangeOf(series[i]!)
    // NaN is neither less nor more.
    return range !== undefined && (values[i]! < range.min || values[i]! > range.max)
  }
  let first = 0
  while (first < length && !isOutside(first)) first++
  if (first === length) return batch
  const kept: number[] = []
  for (let i = 0; i < length; i++) if (i < first || (i > first && !isOutside(i))) kept.push(i)
  return {
    signal: 'metric',
    length: kept.length,
    series: kept.map((i) => series[i]!),
    values: kept.map((i) => values[i]!),
    times: kept.map((i) => times[i]!),
  }
}
