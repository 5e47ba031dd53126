import { keepRecords } from '@smart-gateway/sdk'
import type { MetricBatch, Series } from '@smart-gateway/sdk'
import type { Range } from './ranges.ts'

/** The samples that are in the range of their series; the batch itself when all are. */
export function clip(batch: MetricBatch, rangeOf: (series: Series) => Range | undefined): MetricBatch {
  const { series, values } = batch
  return keepRecords(batch, (i) => {
    const range = rangeOf(series[i]!)
    // NaN is neither less nor more.
    return range === undefined || !(values[i]! < range.min || values[i]! > range.max)
  })
}
