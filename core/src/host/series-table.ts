import type { Series, SeriesTable } from '@smart-gateway/sdk'

interface Entry {
  readonly series: readonly Series[]
  /** The generation that stored it. */
  generation: number
  /** The sweep before which it was last looked up. */
  seen: number
}

const SWEEP_STEP = 10_000
/** A longer key is no series that anybody means: a table full of them would be a way to fill the memory. */
const MAX_KEY_LENGTH = 4096

/**
 * The interned series of one input instance, by the input's own raw key. It outlives generations: what a new generation makes
 * of a key is compared with what is there, so that a series keeps its object, and outputs their caches, through a swap.
 */
export class InstanceSeries {
  readonly #limit: number
  readonly #entries = new Map<string, Entry>()
  /** Texts that many series share: one copy of each. */
  readonly #texts = new Map<string, string>()
  #sweep = 0
  #refused = 0
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  /** Times that series were made without being remembered: the table was full, or their key too long. */
  get refused(): number {
    return this.#refused
  }

  /** The table as one generation sees it: it meets only keys that it has interned itself. */
  viewOf(generation: number): SeriesTable {
    const entries = this.#entries
    return {
      lookup: (key) => {
        const entry = entries.get(key)
        if (entry === undefined || entry.generation !== generation) return undefined
        entry.seen = this.#sweep
        return entry.series
      },
      intern: (key, series) => this.#intern(key, series, generation),
    }
  }

  /** Forgets what was not looked up since the sweep before the last one; yields now and then, so that a large table holds nobody up. */
  *sweep(): Generator<void> {
    const before = this.#sweep++
    this.#texts.clear()
    let visited = 0
    for (const [key, entry] of this.#entries) {
      if (entry.seen < before) this.#forget(key, entry)
      if (++visited % SWEEP_STEP === 0) yield
    }
  }

  #intern(key: string, candidates: readonly Series[], generation: number): readonly Series[] {
    const known = this.#entries.get(key)
    if (
      key.length > MAX_KEY_LENGTH ||
      (known === undefined && this.#size + candidates.length > this.#limit)
    ) {
      this.#refused++
      return candidates.map((candidate) => freeze(candidate, sameText))
    }
    const series = candidates.map((candidate, i) => {
      const before = known?.series[i]
      return before !== undefined && sameSeries(before, candidate) ? before : freeze(candidate, this.#shared)
    })
    this.#size += series.length - (known?.series.length ?? 0)
    this.#entries.set(key, { series, generation, seen: this.#sweep })
    return series
  }

  #forget(key: string, { series }: Entry): void {
    this.#entries.delete(key)
    this.#size -= series.length
  }

  #shared = (text: string): string => {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, text)
    return text
  }
}

function freeze(candidate: Series, share: (text: string) => string): Series {
  // Spread first: it copies a label named __proto__ as a label, plain assignment would not.
  const labels: Record<string, string> = { ...candidate.labels }
  for (const label of Object.keys(labels)) labels[label] = share(labels[label]!)
  return Object.freeze({ ...candidate, name: share(candidate.name), labels: Object.freeze(labels) })
}

function sameText(text: string): string {
  return text
}

function sameSeries(a: Series, b: Series): boolean {
  if (
    a.name !== b.name ||
    a.type !== b.type ||
    a.intervalMs !== b.intervalMs ||
    a.help !== b.help ||
    a.unit !== b.unit
  )
    return false
  const labels = Object.keys(a.labels)
  return (
    labels.length === Object.keys(b.labels).length &&
    labels.every((label) => a.labels[label] === b.labels[label])
  )
}
