import type { RecordSink, Series, SeriesTable } from '@smart-gateway/sdk'
import type { KeepingSink } from '../host/sink.ts'

/** A series as a thread tells it to the host: which one of those that an input made of its raw key. */
interface ToldSeries {
  readonly key: string
  readonly index: number
  readonly all: readonly Series[]
}

/** What an input put into its sink, on its way to the host. */
export interface Told {
  readonly samples: readonly (readonly [ToldSeries, number, number])[]
  readonly events: readonly unknown[]
  readonly logs: readonly unknown[]
  readonly rejected: readonly string[]
  readonly skipped: readonly string[]
}

/** The thread's copy of an input's series table; the host interns what it is told of. */
export class SeriesCopy {
  readonly #known = new Map<string, readonly Series[]>()
  readonly #places = new WeakMap<Series, ToldSeries>()

  readonly table: SeriesTable = {
    lookup: (key) => this.#known.get(key),
    intern: (key, candidates) => {
      const all = candidates.map((one) => Object.freeze({ ...one, labels: Object.freeze({ ...one.labels }) }))
      this.#known.set(key, all)
      for (const [index, one] of all.entries()) this.#places.set(one, { key, index, all })
      return all
    },
  }

  tell({ samples, events, logs, rejected, skipped }: KeepingSink): Told {
    const told = samples.map(({ series, value, timeMs }) => {
      const place = this.#places.get(series) ?? { key: '', index: 0, all: [series] }
      return [place, value, timeMs] as const
    })
    return { samples: told, events, logs, rejected, skipped }
  }
}

/** Puts into a sink what was put into another one in a thread. */
export function fill(out: RecordSink, told: Told, table: SeriesTable): void {
  for (const [series, value, timeMs] of told.samples) out.sample(known(series, table), value, timeMs)
  for (const event of told.events) out.event(event as never)
  for (const log of told.logs) out.log(log as never)
  for (const reason of told.rejected) out.reject(reason)
  for (const reason of told.skipped) out.skip(reason)
}

/** One that was never interned has no key, and is remembered nowhere. */
function known({ key, index, all }: ToldSeries, table: SeriesTable): Series {
  return key === '' ? Object.freeze(all[0]!) : table.intern(key, all)[index]!
}
