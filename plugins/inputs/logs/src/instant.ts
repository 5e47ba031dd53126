import { parseInstant } from '@smart-gateway/sdk/time'
import type { Instant } from '@smart-gateway/sdk/time'

/**
 * When a timestamp field says that it was: a text that `parseInstant` reads, or the time since the epoch in seconds,
 * milliseconds, microseconds or nanoseconds, as a number or as digits. Which of them it is shows its size: each begins at
 * 3 March 1973 in its own unit and ends where the next finer one begins, in the year 5138. Undefined for anything else.
 */
export function instantOf(value: unknown): Instant | undefined {
  if (typeof value === 'string') return parseInstant(value) ?? sinceEpoch(numberIn(value))
  return sinceEpoch(value)
}

function numberIn(text: string): number | bigint | undefined {
  if (!digits.test(text)) return undefined
  return text.includes('.') || text.length < 16 ? Number(text) : BigInt(text)
}

const digits = /^\d{9,20}(?:\.\d{1,9})?$/

function sinceEpoch(value: unknown): Instant | undefined {
  if (typeof value === 'bigint' && value >= 1e17 && value < 1e20) {
    return { ms: Number(value / 1_000_000n), ns: Number(value % 1_000_000n), zoneMinutes: 0 }
  }
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !(number >= 1e8 && number < 1e20)) return undefined
  if (number < 1e11) return ofMicroseconds(number * 1e6)
  if (number < 1e14) return ofMicroseconds(number * 1e3)
  return ofMicroseconds(number < 1e17 ? number : number / 1e3)
}

// A double holds today's seconds to about a quarter of a microsecond.
function ofMicroseconds(value: number): Instant {
  const microseconds = Math.round(value)
  return { ms: Math.floor(microseconds / 1000), ns: (microseconds % 1000) * 1000, zoneMinutes: 0 }
}
