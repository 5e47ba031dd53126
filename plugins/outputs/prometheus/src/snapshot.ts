import { setImmediate as nextTurn } from 'node:timers/promises'
import { addSeries, emptyState, ROW_LENGTH } from './state.ts'
import type { State } from './state.ts'

/**
 * A copy of `state` as it is now, for the next generation, while this one goes on writing. The numbers are copied at once (a
 * millisecond for 100,000 series), the names of the series in slices: what comes meanwhile is left out, what expires need not be there.
 */
export async function snapshot(state: State, clock: () => number): Promise<State> {
  const rows = state.rows.slice()
  const { born } = state
  const copy = emptyState()
  copy.rows = new Float64Array(Math.max(copy.rows.length, state.size * ROW_LENGTH))
  let sliceEnds = 0
  let visited = 0
  for (const family of state.families.values()) {
    const own = { ...family, series: new Map() }
    for (const [labels, entry] of family.series) {
      if (entry.born >= born) continue
      const { row } = addSeries(copy, own, labels, 0)
      for (let i = 0; i < ROW_LENGTH; i++) copy.rows[row + i] = rows[entry.row + i] as number
      if (visited++ % CLOCK_EVERY !== 0 || clock() < sliceEnds) continue
      await nextTurn()
      sliceEnds = clock() + SLICE_MS
    }
    if (own.series.size > 0) copy.families.set(own.name, own)
  }
  return copy
}

const SLICE_MS = 2
const CLOCK_EVERY = 64
