import { permanent } from '@smart-gateway/sdk'
import type { Series } from '@smart-gateway/sdk'
import type { SeriesText } from './messages.ts'

/**
 * The numbers under which a queue's file knows series. It knows a series by its object, as the host interns them, and forgets
 * those that no stored batch names and that were not used lately: it holds at most about twice as many as are in use.
 */
export class SeriesDictionary {
  #nextId: number
  /** Ids before this one are an earlier process's. */
  readonly #firstId: number
  readonly #entries = new Map<Series, Entry>()
  readonly #byId = new Map<number, Series>()
  #fresh: SeriesText[] = []
  /** The batch at the last sweep: what was used since then stays. */
  #sweptAt = 0
  #uses = 0
  #sweepSize = LEAST_SWEEP_SIZE
  #sweepUses = LEAST_SWEEP_USES

  constructor(lastId: number) {
    this.#nextId = this.#firstId = lastId + 1
  }

  get size(): number {
    return this.#byId.size
  }

  /** The id of a series that a batch names; a new one is among the fresh ones. Throws when JSON cannot hold the series. */
  idOf(series: Series, batchId: number): number {
    const entry = this.#entries.get(series) ?? this.#add(series)
    entry.usedBy = batchId
    this.#uses++
    return entry.id
  }

  /** The series that were met for the first time since the last call. */
  takeFresh(): readonly SeriesText[] {
    const fresh = this.#fresh
    this.#fresh = []
    return fresh
  }

  /** Takes up series of an earlier process. */
  learn(series: readonly SeriesText[]): void {
    for (const { id, text } of series) {
      const parsed = JSON.parse(text) as Series
      Object.freeze(parsed.labels)
      this.#byId.set(id, Object.freeze(parsed))
    }
  }

  /** The series of an id: the very object that was stored, if that was in this process. */
  byId(id: number): Series {
    const series = this.#byId.get(id)
    if (series === undefined) throw new Error(`there is no series ${id}`)
    return series
  }

  /** Forgets what is unused, now and then, and returns the ids. Batches before `oldestId` are gone. */
  sweep(oldestId: number, batchId: number): readonly number[] {
    if (this.#entries.size < this.#sweepSize && this.#uses < this.#sweepUses) return []
    const inUse = Math.min(oldestId, this.#sweptAt)
    const forgotten: number[] = []
    for (const [series, { id, usedBy }] of this.#entries) {
      if (usedBy >= inUse) continue
      this.#entries.delete(series)
      this.#byId.delete(id)
      forgotten.push(id)
    }
    this.#sweptAt = batchId
    this.#uses = 0
    this.#sweepSize = Math.max(LEAST_SWEEP_SIZE, 2 * this.#entries.size)
    this.#sweepUses = Math.max(LEAST_SWEEP_USES, USES_A_SERIES * this.#entries.size)
    return forgotten
  }

  /** Forgets the series of an earlier process. */
  unlearn(): void {
    for (const id of this.#byId.keys()) if (id < this.#firstId) this.#byId.delete(id)
  }

  #add(series: Series): Entry {
    const text = textOf(series)
    const entry = { id: this.#nextId++, usedBy: 0 }
    this.#entries.set(series, entry)
    this.#byId.set(entry.id, series)
    this.#fresh.push({ id: entry.id, text })
    return entry
  }
}

interface Entry {
  readonly id: number
  /** The last batch that names it. */
  usedBy: number
}

const LEAST_SWEEP_SIZE = 10_000
const LEAST_SWEEP_USES = 1_000_000
const USES_A_SERIES = 16

function textOf(series: Series): string {
  if (!Number.isFinite(series.intervalMs))
    throw permanent(`series ${series.name} has the interval ${series.intervalMs}, which JSON cannot hold`)
  try {
    return JSON.stringify(series)
  } catch (cause) {
    throw permanent(`series ${series.name} holds what JSON cannot`, { cause })
  }
}
