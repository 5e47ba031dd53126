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
  const iso = isoLayout.exec(value)
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso
    return instant(year!, Number(month), day!, hour!, minute!, second!, fraction, minutesOf(zone))
  }
  const ansi = ansiLayout.exec(value)
  if (ansi === null) return undefined
  const [, month, day, hour, minute, second, fraction, year] = ansi
  return instant(year!, months.indexOf(month!) + 1, day!, hour!, minute!, second!, fraction, 0)
}

/** As `parseInstant`, in milliseconds since the epoch; 0 when there is no time to be read. */
export function parseTimeMs(value: unknown): number {
  return parseInstant(value)?.ms ?? 0
}

const isoLayout =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,40}))?([Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?$/
const ansiLayout =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]?\d) (\d\d):(\d\d):(\d\d)(?:[.,](\d{1,40}))? (\d{4})$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function minutesOf(zone: string | undefined): number {
  if (zone === undefined || zone.length === 1) return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return zone[0] === '-' ? -minutes : minutes
}

function instant(
  year: string,
  month: number,
  dayText: string,
  hour: string,
  minute: string,
  second: string,
  fraction: string | undefined,
  zoneMinutes: number,
): Instant | undefined {
  const day = Number(dayText)
  if (month < 1 || month > 12 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60)
    return undefined
  const midnight = Date.UTC(Number(year), month - 1, day)
  // Date.UTC reads 30 February as 1 March, and the year 0021 as 1921.
  if (day === 0 || new Date(midnight).getUTCDate() !== day || Number(year) < 1900) return undefined
  const nanoseconds = fraction === undefined ? 0 : Number(fraction.slice(0, 9).padEnd(9, '0'))
  const ms =
    midnight +
    ((Number(hour) * 60 + Number(minute) - zoneMinutes) * 60 + Number(second)) * 1000 +
    Math.floor(nanoseconds / 1e6)
  return ms > 0 ? { ms, ns: nanoseconds % 1e6, zoneMinutes } : undefined
}
