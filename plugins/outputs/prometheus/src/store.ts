import type { MetricBatch, MetricType, Series } from '@smart-gateway/sdk'
import { expiryMs, isExpired } from './expiry.ts'
import type { Expiry } from './expiry.ts'
import { labelSet, metricName } from './grammar.ts'
import { addFamily, addSeries, ARRIVAL, INTERVAL, TIME, VALUE } from './state.ts'
import type { Entry, Family, State } from './state.ts'

/** What happens to samples beside being stored. */
export interface StoreObserver {
  /** Samples older than the one that their series holds. */
  stale(samples: number): void
  /** Samples of new series for which there was no room. */
  full(samples: number): void
  /** Samples of series that are too long to be held; one of them by its name as it came. */
  oversized(samples: number, name: string): void
  /** A series was first met that has another type than its family. */
  conflict(family: Family, type: MetricType): void
}

export interface StoreLimits {
  readonly maxSeries: number
  readonly expiry: Expiry
}

/** What the name and the labels of one series may take on a page: without it `maxSeries` would not bound the memory. */
export const MAX_SERIES_BYTES = 8 * 1024

/** Returns the function that puts batches into `state` and tells an observer what else happens. */
export function createStore(
  state: State,
  { maxSeries, expiry }: StoreLimits,
  clock: () => number,
): (batch: MetricBatch, observer: StoreObserver) => void {
  // The host interns series, so in steady state this is the only lookup. Held weakly: the host forgets series when it likes.
  const met = new WeakMap<Series, Entry>()

  function write({ series, values, times, length }: MetricBatch, observer: StoreObserver): void {
    const now = clock()
    let rows = state.rows
    let stale = 0
    let full = 0
    let oversized = 0
    let oversizedName = ''
    for (let i = 0; i < length; i++) {
      const one = series[i] as Series
      let entry = met.get(one)
      if (entry === undefined || entry.row < 0) {
        const outcome = meet(one, observer)
        if (outcome === 'full') {
          full++
          continue
        }
        if (outcome === 'oversized') {
          oversized++
          oversizedName = one.name
          continue
        }
        entry = outcome
        rows = state.rows
      }
      const row = entry.row
      const given = times[i] as number
      const time = given === 0 ? NaN : given
      if (time < (rows[row + TIME] as number) && isStale(rows, row, time, now)) {
        stale++
      } else {
        rows[row + VALUE] = values[i] as number
        rows[row + TIME] = time
      }
      rows[row + ARRIVAL] = now
    }
    if (stale > 0) observer.stale(stale)
    if (full > 0) observer.full(full)
    if (oversized > 0) observer.oversized(oversized, oversizedName)
  }

  /** Past the expiry window an older time means that the source's clock was set back or a recording is replayed. */
  function isStale(rows: Float64Array, row: number, time: number, now: number): boolean {
    const behind = (rows[row + TIME] as number) - time
    return behind <= expiryMs(expiry, rows[row + INTERVAL] as number) && !isExpired(expiry, rows, row, now)
  }

  function meet(series: Series, observer: StoreObserver): Entry | 'full' | 'oversized' {
    const name = metricName(series.name)
    const labels = labelSet(series.labels)
    const intervalMs = Number.isFinite(series.intervalMs) ? series.intervalMs : 0
    let family = state.families.get(name)
    let entry = family?.series.get(labels)
    if (family === undefined || entry === undefined) {
      if (Buffer.byteLength(name) + Buffer.byteLength(labels) > MAX_SERIES_BYTES) return 'oversized'
      if (state.size >= maxSeries) return 'full'
      family ??= addFamily(state, name, knownType(series.type))
      entry = addSeries(state, family, labels, intervalMs)
    } else {
      state.rows[entry.row + INTERVAL] = intervalMs
    }
    if (family.help === '' && series.help !== undefined) family.help = String(series.help)
    if (family.type !== knownType(series.type)) observer.conflict(family, series.type)
    met.set(series, entry)
    return entry
  }

  return write
}

/** A page with a type that Prometheus does not know is refused as a whole. */
function knownType(type: MetricType): MetricType {
  return type === 'counter' || type === 'gauge' ? type : 'untyped'
}
