import { ARRIVAL, INTERVAL, removeFamily, removeSeries } from './state.ts'
import type { Entry, Family, State } from './state.ts'

/** How long a series is kept after its last sample. */
export interface Expiry {
  /** Multiples of its interval, where its source announces one; a day at most. */
  readonly intervals: number
  /** Milliseconds, where it does not. */
  readonly afterMs: number
}

export function expiryMs(expiry: Expiry, intervalMs: number): number {
  return intervalMs > 0 ? Math.min(intervalMs * expiry.intervals, LONGEST_EXPIRY_MS) : expiry.afterMs
}

/** An interval is what a sender says: it must not fill the store for years with series that nobody sends any more. */
const LONGEST_EXPIRY_MS = 86_400_000

/** By arrival on the monotonic clock: no time that a source gives and no step of the machine's clock matters. */
export function isExpired(expiry: Expiry, rows: Float64Array, row: number, nowMs: number): boolean {
  return nowMs - (rows[row + ARRIVAL] as number) > expiryMs(expiry, rows[row + INTERVAL] as number)
}

/**
 * Returns the next step of a walk that removes expired series, over and over. A step takes about `STEP_MS` at most and says how
 * many series it removed.
 */
export function createSweep(state: State, expiry: Expiry, clock: () => number): () => number {
  let places = walk(state)
  return function step() {
    const started = clock()
    let removed = 0
    for (let visited = 1; visited % CLOCK_EVERY !== 0 || clock() - started < STEP_MS; visited++) {
      const next = places.next()
      if (next.done === true) {
        places = walk(state)
        break
      }
      const { family, labels, entry } = next.value
      if (!isExpired(expiry, state.rows, entry.row, started)) continue
      removeSeries(state, family, labels, entry)
      removed++
    }
    return removed
  }
}

const STEP_MS = 2
const CLOCK_EVERY = 256

interface Place {
  readonly family: Family
  readonly labels: string
  readonly entry: Entry
}

function* walk(state: State): Generator<Place, void> {
  for (const family of state.families.values()) {
    for (const [labels, entry] of family.series) yield { family, labels, entry }
    if (family.series.size === 0) removeFamily(state, family)
  }
}
