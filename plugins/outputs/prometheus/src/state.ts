import type { MetricType } from '@smart-gateway/sdk'

/** One series: where its numbers are, and which one it was. */
export interface Entry {
  /** Index of its first number in `State.rows`; -1 once it has expired. */
  row: number
  /** Counts up over all series, so that a page can leave out those that were added after it began. */
  readonly born: number
}

/** All series of one metric name. */
export interface Family {
  readonly name: string
  readonly type: MetricType
  help: string
  /** The family's name in OpenMetrics when it can be a counter there: without `_total`. */
  counterName: string | undefined
  conflictLogged: boolean
  /** By their labels as a page shows them. */
  readonly series: Map<string, Entry>
}

/**
 * Everything that a swap hands to the next generation. Plain data, so that it can be cloned to another thread as well as
 * shared within one; `version` changes with its shape.
 */
export interface State {
  readonly version: 1
  readonly families: Map<string, Family>
  /** ROW_LENGTH numbers for each series, side by side: a sample touches one cache line and no number is boxed. */
  rows: Float64Array
  readonly freeRows: number[]
  /** How many series there are. */
  size: number
  born: number
}

export const VALUE = 0
/** Milliseconds since the epoch, NaN when the last sample had none. */
export const TIME = 1
/** Monotonic milliseconds. */
export const ARRIVAL = 2
/** Milliseconds, 0 when the source announces none. */
export const INTERVAL = 3
export const ROW_LENGTH = 4

export function emptyState(): State {
  return {
    version: 1,
    families: new Map(),
    rows: new Float64Array(256 * ROW_LENGTH),
    freeRows: [],
    size: 0,
    born: 0,
  }
}

export function isState(value: unknown): value is State {
  if (typeof value !== 'object' || value === null) return false
  const { version, families, rows, freeRows } = value as Partial<Record<keyof State, unknown>>
  return version === 1 && families instanceof Map && rows instanceof Float64Array && Array.isArray(freeRows)
}

export function addFamily(state: State, name: string, type: MetricType): Family {
  const family: Family = {
    name,
    type,
    help: '',
    counterName: type === 'counter' ? counterName(state, name) : undefined,
    conflictLogged: false,
    series: new Map(),
  }
  giveWayTo(state, name)
  state.families.set(name, family)
  return family
}

export function addSeries(state: State, family: Family, labels: string, intervalMs: number): Entry {
  const row = state.freeRows.pop() ?? state.size * ROW_LENGTH
  if (row === state.rows.length) {
    const grown = new Float64Array(row * 2)
    grown.set(state.rows)
    state.rows = grown
  }
  state.rows.set([NaN, NaN, -Infinity, intervalMs], row)
  const entry = { row, born: state.born++ }
  family.series.set(labels, entry)
  state.size++
  return entry
}

export function removeSeries(state: State, family: Family, labels: string, entry: Entry): void {
  family.series.delete(labels)
  state.freeRows.push(entry.row)
  entry.row = -1
  state.size--
}

/** Takes an empty family away, unless it already made room for a new one of its name. */
export function removeFamily(state: State, family: Family): void {
  if (state.families.get(family.name) === family) state.families.delete(family.name)
}

/**
 * In OpenMetrics the counter `x_total` is the family `x`, which claims the names `x`, `x_total` and `x_created`. When another
 * family has one of these, the counter is exposed as `unknown` under its full name, which no other family can have. It stays so
 * while it lives: a page that takes a while to be read never shows both.
 */
function counterName({ families }: State, name: string): string | undefined {
  const base = stem(name, '_total')
  if (base === undefined) return undefined
  const creator = stem(base, '_created')
  const clashes =
    families.has(base) ||
    families.has(`${base}_created`) ||
    (creator !== undefined && families.has(`${creator}_total`))
  return clashes ? undefined : base
}

function giveWayTo({ families }: State, name: string): void {
  const creator = stem(name, '_created')
  const base = stem(name, '_total')
  const rivals = [`${name}_total`, creator && `${creator}_total`, base && `${base}_created_total`]
  for (const rival of rivals) {
    const family = rival === undefined ? undefined : families.get(rival)
    if (family !== undefined) family.counterName = undefined
  }
}

function stem(name: string, suffix: string): string | undefined {
  return name.length > suffix.length && name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined
}
