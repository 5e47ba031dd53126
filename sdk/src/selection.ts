import type { Batch } from './batch.ts'

/**
 * The records of a batch for which `isKept` says true of their position, in their order; the very batch when that is all of them. `isKept` is
 * asked once for each, from 0 on. What it throws is thrown.
 */
export function keepRecords<B extends Batch>(batch: B, isKept: (index: number) => boolean): B {
  const { length } = batch
  let first = 0
  while (first < length && isKept(first)) first++
  if (first === length) return batch
  const kept: number[] = []
  for (let i = 0; i < first; i++) kept.push(i)
  for (let i = first + 1; i < length; i++) if (isKept(i)) kept.push(i)
  const pick = <T>(column: ArrayLike<T>): T[] => kept.map((i) => column[i]!)
  const whole: Batch = batch
  const columns =
    whole.signal === 'metric'
      ? { series: pick(whole.series), values: pick(whole.values), times: pick(whole.times) }
      : { records: pick<object>(whole.records) }
  return { ...batch, length: kept.length, ...columns }
}
