import { setImmediate as nextTurn } from 'node:timers/promises'
import { isExpired } from './expiry.ts'
import type { Expiry } from './expiry.ts'
import type { Format } from './format.ts'
import { sampleValue } from './grammar.ts'
import { TIME, VALUE } from './state.ts'
import type { State } from './state.ts'

export interface PageOptions {
  readonly expiry: Expiry
  /** Whether samples carry their time. */
  readonly timestamps: boolean
}

/**
 * One page in pieces, made as they are read: a slow reader holds no more than one piece, and between two the event loop turns
 * when SLICE_MS have passed.
 */
export async function* renderPage(
  state: State,
  format: Format,
  options: PageOptions,
  clock: () => number,
): AsyncGenerator<Uint8Array, void> {
  let turnEnds = clock() + SLICE_MS
  for (const text of pieces(state, format, options, clock)) {
    if (text !== '') yield Buffer.from(text)
    if (clock() < turnEnds) continue
    await nextTurn()
    turnEnds = clock() + SLICE_MS
  }
}

const SLICE_MS = 3

/** A piece ends at either; 128 KiB of collectd's series take about 0.3 ms. */
const PIECE_CHARACTERS = 128 * 1024
const PIECE_SERIES = 2048

/** The greatest distance from the epoch that a date can have; beyond it a time is nonsense. */
const MAX_TIME_MS = 8.64e15

/**
 * Series come and go between two pieces. What was there at the beginning is shown, if it still is; what was added since is not,
 * or a series that expires and returns would be on the page twice.
 */
function* pieces(
  state: State,
  format: Format,
  options: PageOptions,
  clock: () => number,
): Generator<string, void> {
  const { expiry, timestamps } = options
  const { born } = state
  let now = clock()
  let text = ''
  let visited = 0
  for (const family of state.families.values()) {
    let headed = false
    for (const [labels, entry] of family.series) {
      if (text.length >= PIECE_CHARACTERS || ++visited % PIECE_SERIES === 0) {
        yield text
        text = ''
        now = clock()
      }
      const { rows } = state
      const { row } = entry
      if (row < 0 || entry.born >= born || isExpired(expiry, rows, row, now)) continue
      if (!headed) text += format.head(family)
      headed = true
      text += family.name
      text += labels
      text += ' '
      text += sampleValue(rows[row + VALUE] as number)
      if (timestamps) text += timestamp(format, rows[row + TIME] as number)
      text += '\n'
    }
  }
  yield text + format.end
}

function timestamp(format: Format, timeMs: number): string {
  return Math.abs(timeMs) <= MAX_TIME_MS ? ` ${format.timestamp(timeMs)}` : ''
}
