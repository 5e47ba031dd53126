import type { Batch, Series } from '@smart-gateway/sdk'
import type { Transferable } from 'node:worker_threads'

/** A batch as it crosses to another thread: samples in columns, each series as a number that both ends know. */
export type Crossing =
  | {
      readonly signal: 'metric'
      readonly ids: Uint32Array
      readonly values: Float64Array
      readonly times: Float64Array
      /** The series that are met for the first time, in the order of their numbers. */
      readonly fresh: readonly unknown[]
      /** All numbers given before are void. */
      readonly anew: boolean
    }
  | { readonly signal: 'event' | 'log'; readonly records: readonly object[] }

/** So many series have numbers at a time: what is no longer seen is forgotten when they are given anew. */
const MAX_SERIES = 500_000

/** The sending end: gives numbers to series. `describe` says what the other end needs to make a series known by its number. */
export class Departures {
  readonly #describe: (series: Series) => unknown
  #numbers = new Map<Series, number>()

  constructor(describe: (series: Series) => unknown = (series) => series) {
    this.#describe = describe
  }

  /** A batch ready to cross, and the buffers that move with it. */
  pack(batch: Batch): { readonly crossing: Crossing; readonly buffers: readonly Transferable[] } {
    if (batch.signal !== 'metric')
      return { crossing: { signal: batch.signal, records: batch.records }, buffers: [] }
    const anew = this.#numbers.size > MAX_SERIES
    if (anew) this.#numbers = new Map()
    const ids = new Uint32Array(batch.length)
    const fresh: unknown[] = []
    for (const [i, series] of batch.series.entries()) {
      let number = this.#numbers.get(series)
      if (number === undefined) {
        number = this.#numbers.size
        this.#numbers.set(series, number)
        fresh.push(this.#describe(series))
      }
      ids[i] = number
    }
    const [values, times] = [Float64Array.from(batch.values), Float64Array.from(batch.times)]
    const buffers = [ids.buffer, values.buffer, times.buffer] as Transferable[]
    return { crossing: { signal: 'metric', ids, values, times, fresh, anew }, buffers }
  }
}

/** The receiving end. `know` makes a series of what was told of it. */
export class Arrivals {
  readonly #know: (told: never) => Series
  #series: Series[] = []

  constructor(know: (told: never) => Series) {
    this.#know = know
  }

  unpack(crossing: Crossing): Batch {
    if (crossing.signal !== 'metric')
      return { signal: crossing.signal, length: crossing.records.length, records: crossing.records } as Batch
    const { ids, values, times, fresh, anew } = crossing
    if (anew) this.#series = []
    for (const told of fresh) this.#series.push(this.#know(told as never))
    const series = Array.from(ids, (id) => this.#series[id]!)
    return { signal: 'metric', length: ids.length, series, values, times }
  }
}
