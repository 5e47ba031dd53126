/** The times that telemetry's producers write. */

/** A point in time, as finely as its text gave it. */
export interface Instant {
  /** Milliseconds since the epoch, rounded down, more than 0. */
  readonly ms: number
  /** Nanoseconds past `ms`, 0 to 999,999. */
  readonly ns: number
  /** Minutes by which the text's own zone is ahead of UTC; 0 where it names none. */
  readonly zoneMinutes: number
}

/**
 * Reads RFC 3339 with up to 40 digits of a second, the same with a space instead of the T or without a zone (meant
 * as UTC), and ANSI C's `Thu Feb 11 21:43:11 2021`. Undefined for anything else and for what is not after the
 * epoch. Throws nothing; takes time in proportion to the text's length.
 */
export function parseInstant(value: unknown): Instant | undefined {
  if (typeof value !== 'string') return undefined
  // By position: a regular expression takes twice as long, and logs have one time a line.
  if (value.charCodeAt(4) === MINUS) return isoInstant(value)
  const ansi = ansiLayout.exec(value)
  if (ansi === null) return undefined
  const [, month, day, hour, minute, second, fraction, year] = ansi
  return instant(
    Number(year),
    months.indexOf(month!) + 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    fraction === undefined ? 0 : Number(fraction.slice(0, 9).padEnd(9, '0')),
    0,
  )
}

/** As `parseInstant`, in milliseconds since the epoch; 0 when there is no time to be read. */
export function parseTimeMs(value: unknown): number {
  return parseInstant(value)?.ms ?? 0
}

const ansiLayout =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]?\d) (\d\d):(\d\d):(\d\d)(?:[.,](\d{1,40}))? (\d{4})$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const [ZERO, MINUS, PLUS, COLON, POINT, COMMA, SPACE, T, Z] = [...'0-+:., TZ'].map((c) =>
  c.charCodeAt(0),
) as [number, number, number, number, number, number, number, number, number]
/** Turns an upper case letter's code into that of the lower case one. */
const LOWER = 32
const MOST_FRACTION_DIGITS = 40

function isoInstant(text: string): Instant | undefined {
  const separator = text.charCodeAt(10)
  if (
    text.charCodeAt(7) !== MINUS ||
    (separator !== SPACE && (separator | LOWER) !== (T | LOWER)) ||
    text.charCodeAt(13) !== COLON ||
    text.charCodeAt(16) !== COLON
  )
    return undefined
  let at = 19
  let nanoseconds = 0
  const mark = text.charCodeAt(at)
  if (mark === POINT || mark === COMMA) {
    const begin = ++at
    for (; isDigit(text.charCodeAt(at)) && at - begin < MOST_FRACTION_DIGITS; at++) {
      if (at - begin < 9) nanoseconds = nanoseconds * 10 + text.charCodeAt(at) - ZERO
    }
    if (at === begin) return undefined
    nanoseconds *= 10 ** Math.max(0, 9 - (at - begin))
  }
  return instant(
    digits(text, 0, 4),
    digits(text, 5, 2),
    digits(text, 8, 2),
    digits(text, 11, 2),
    digits(text, 14, 2),
    digits(text, 17, 2),
    nanoseconds,
    zoneAt(text, at),
  )
}

/** The number that `count` digits make; NaN when one of them is none. */
function digits(text: string, at: number, count: number): number {
  let number = 0
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i)
    if (!isDigit(code)) return NaN
    number = number * 10 + code - ZERO
  }
  return number
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9
}

/** The minutes of what stands at the end: nothing, Z, +hh:mm or +hhmm; NaN for anything else. */
function zoneAt(text: string, at: number): number {
  if (at === text.length) return 0
  const sign = text.charCodeAt(at)
  if ((sign | LOWER) === (Z | LOWER)) return at + 1 === text.length ? 0 : NaN
  if (sign !== PLUS && sign !== MINUS) return NaN
  const minutesAt = text.charCodeAt(at + 3) === COLON ? at + 4 : at + 3
  const hours = digits(text, at + 1, 2)
  const minutes = digits(text, minutesAt, 2)
  if (minutesAt + 2 !== text.length || !(hours < 24) || !(minutes < 60)) return NaN
  return (hours * 60 + minutes) * (sign === MINUS ? -1 : 1)
}

function instant(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  nanoseconds: number,
  zoneMinutes: number,
): Instant | undefined {
  // A leap second is the first one of the next minute. The comparisons are false for NaN.
  if (!(month >= 1 && month <= 12 && day >= 1 && hour < 24 && minute < 60 && second <= 60)) return undefined
  if (!(day <= daysOf(year, month))) return undefined
  const ms =
    Date.UTC(year, month - 1, day) +
    ((hour * 60 + minute - zoneMinutes) * 60 + second) * 1000 +
    Math.floor(nanoseconds / 1e6)
  // Date.UTC reads the years 0 to 99 as those of the last century.
  return ms > 0 && year > 99 ? { ms, ns: nanoseconds % 1e6, zoneMinutes } : undefined
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
