import type { MetricBatch, Series } from '@smart-gateway/sdk'
import type { Range } from './ranges.ts'

/** The samples with values limited to the range of their series; the batch itself when all are in theirs. */
export function clamp(batch: MetricBatch, rangeOf: (series: Series) => Range | undefined): MetricBatch {
  const { series, values, length } = batch
  let limited: number[] | undefined
  for (let i = 0; i < length; i++) {
    const range = rangeOf(series[i]!)
    const value = values[i]!
    // NaN is neither less nor more.
    if (range === undefined || !(value < range.min || value > range.max)) continue
    limited ??= Array.from(values)
    limited[i] = value < range.min ? range.min : range.max
  }
  return limited === undefined ? batch : { ...batch, values: limited }
}
