import { isDeepStrictEqual } from 'node:util'
import type { Batch } from '@smart-gateway/sdk'

/** Takes note of a batch; what was changed in it since, or undefined. */
export function watched(batch: Batch): () => string | undefined {
  const before = pictureOf(batch)
  return () => {
    const now = pictureOf(batch)
    const changed = Object.keys({ ...before, ...now }).find(
      (key) => !isDeepStrictEqual(before[key], now[key]),
    )
    return changed === undefined ? undefined : `its ${changed} changed`
  }
}

// A copy that keeps what structured cloning would lose, such as which objects stand where.
function pictureOf(batch: Batch): Record<string, unknown> {
  if (batch.signal !== 'metric') return { ...batch, records: structuredClone(batch.records) }
  const { series, values, times } = batch
  return {
    ...batch,
    series: structuredClone(series),
    order: [...series],
    values: Array.from(values),
    times: Array.from(times),
  }
}
