/** A time as finely as Loki keeps it. */
export interface Time {
  readonly timeMs: number
  readonly timeNs: number
}

/**
 * The time of a record. One without a time, or with one that Loki's 64 bits cannot hold, is given that of its writing and its
 * position as nanoseconds: so such lines keep their order, and equal ones are not taken for one.
 */
export function timeOf(timeMs: number, timeNs: number | undefined, nowMs: number, position: number): Time {
  if (!(timeMs > 0 && timeMs <= MAX_MS)) return { timeMs: nowMs, timeNs: position % NS_PER_MS }
  const whole = Math.floor(timeMs)
  const ns = (timeNs ?? 0) + Math.floor((timeMs - whole) * NS_PER_MS)
  return { timeMs: whole, timeNs: Math.min(ns, NS_PER_MS - 1) }
}

/** A time as the decimal nanoseconds since the epoch, of which a double cannot hold the last digits. */
export function nanoseconds({ timeMs, timeNs }: Time): string {
  return timeNs === 0 ? `${timeMs}000000` : `${timeMs}${String(timeNs).padStart(6, '0')}`
}

const NS_PER_MS = 1_000_000
const MAX_MS = 9_223_372_036_853
