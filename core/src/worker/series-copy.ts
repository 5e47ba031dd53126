import type { Series, SeriesTable } from '@smart-gateway/sdk'

/** A series as the thread tells it to the host: which one of those that an input made of its raw key. */
export interface ToldSeries {
  readonly key: string
  readonly index: number
  readonly all: readonly Series[]
}

/** So many keys are remembered in the thread; beyond that all are met anew. */
const MAX_KEYS = 500_000

/** The thread's copy of an input's series table; the host interns what it is told of. */
export class SeriesCopy {
  #known = new Map<string, readonly Series[]>()
  readonly #places = new WeakMap<Series, ToldSeries>()

  /** What the plugin is lent. Its members work by themselves, as those of the host's table do. */
  readonly table: SeriesTable = {
    lookup: (key) => this.#known.get(key),
    intern: (key, series) => {
      const all = series.map((one) => Object.freeze({ ...one, labels: Object.freeze({ ...one.labels }) }))
      if (this.#known.size >= MAX_KEYS) this.#known = new Map()
      this.#known.set(key, all)
      for (const [index, one] of all.entries()) this.#places.set(one, { key, index, all })
      return all
    },
  }

  /** What the host has to be told of a series. One that was never interned has no key. */
  tell(series: Series): ToldSeries {
    return this.#places.get(series) ?? { key: '', index: 0, all: [series] }
  }
}

/** The series that the host knows a told one by; one without a key is remembered nowhere. */
export function internTold(table: SeriesTable, { key, index, all }: ToldSeries): Series {
  if (key === '') return Object.freeze(all[0]!)
  return table.intern(key, all)[index]!
}
