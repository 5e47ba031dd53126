import type { Batch, Series } from '@smart-gateway/sdk'

/** A batch as it crosses to a thread: samples in columns, each series as a number that both ends know. */
export type Crossing =
  | {
      readonly signal: 'metric'
      readonly ids: Uint32Array
      readonly values: Float64Array
      readonly times: Float64Array
      /** The series that are met for the first time, in the order of their numbers. */
      readonly fresh: readonly Series[]
    }
  | { readonly signal: 'event' | 'log'; readonly records: readonly object[] }

/** The sending end, which gives numbers to series: what is one object here is one object there. */
export class Departures {
  readonly #numbers = new Map<Series, number>()

  pack(batch: Batch): Crossing {
    if (batch.signal !== 'metric') return { signal: batch.signal, records: batch.records }
    const fresh: Series[] = []
    const ids = Uint32Array.from(batch.series, (series) => {
      const known = this.#numbers.get(series)
      if (known !== undefined) return known
      fresh.push(series)
      this.#numbers.set(series, this.#numbers.size)
      return this.#numbers.size - 1
    })
    const [values, times] = [Float64Array.from(batch.values), Float64Array.from(batch.times)]
    return { signal: 'metric', ids, values, times, fresh }
  }
}

/** The receiving end. */
export class Arrivals {
  readonly #series: Series[] = []

  unpack(crossing: Crossing): Batch {
    if (crossing.signal !== 'metric')
      return { signal: crossing.signal, length: crossing.records.length, records: crossing.records } as Batch
    const { ids, values, times, fresh } = crossing
    for (const series of fresh) this.#series.push(Object.freeze(series))
    const series = Array.from(ids, (id) => this.#series[id]!)
    return { signal: 'metric', length: ids.length, series, values, times }
  }
}
