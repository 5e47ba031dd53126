import type { Series, SeriesTable } from '@smart-gateway/sdk'

interface Entry {
  readonly series: readonly Series[]
  generation: number
}

/** The series table of one input instance: it outlives generations, and each meets only what it has interned itself. */
export class InstanceSeries {
  readonly #entries = new Map<string, Entry>()

  viewOf(generation: number): SeriesTable {
    return {
      lookup: (key) => {
        const entry = this.#entries.get(key)
        return entry?.generation === generation ? entry.series : undefined
      },
      intern: (key, candidates) => {
        const known = this.#entries.get(key)?.series
        const series = candidates.map((candidate, i) => {
          const before = known?.[i]
          return before !== undefined && equal(before, candidate) ? before : freeze(candidate)
        })
        this.#entries.set(key, { series, generation })
        return series
      },
    }
  }
}

function freeze(candidate: Series): Series {
  return Object.freeze({ ...candidate, labels: Object.freeze({ ...candidate.labels }) })
}

function equal(a: Series, b: Series): boolean {
  const text = ({ name, type, intervalMs, help, unit, labels }: Series): string =>
    JSON.stringify([name, type, intervalMs, help, unit, Object.entries(labels).toSorted()])
  return text(a) === text(b)
}
