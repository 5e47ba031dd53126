/**
 * A notification's `startsAt` as milliseconds since the epoch; 0 when it is none that Go's layouts RFC3339, ISO without a
 * zone (meant as UTC) or ANSIC would read. Digits below the millisecond are cut.
 */
export function parseTime(value: unknown): number {
  if (typeof value !== 'string') return 0
  const iso = isoLayout.exec(value)
  if (iso !== null) {
    const [, year, month, day, clock, fraction, zone] = iso
    return epochMs(year!, Number(month), day!, clock!, fraction, zone)
  }
  const ansi = ansiLayout.exec(value)
  if (ansi !== null) {
    const [, month, day, clock, fraction, year] = ansi
    return epochMs(year!, months.indexOf(month!) + 1, day!.trim().padStart(2, '0'), clock!, fraction, 'Z')
  }
  return 0
}

const isoLayout = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)?$/
const ansiLayout =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]?\d) (\d\d:\d\d:\d\d)(?:[.,](\d+))? (\d{4})$/
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function epochMs(
  year: string,
  month: number,
  day: string,
  clock: string,
  fraction = '0',
  zone = 'Z',
): number {
  const date = `${year}-${String(month).padStart(2, '0')}-${day}`
  const midnight = Date.parse(date)
  // Date.parse reads 30 February as 1 March and allows 24:00.
  if (Number.isNaN(midnight) || new Date(midnight).getUTCDate() !== Number(day) || clock.startsWith('24'))
    return 0
  const ms = Date.parse(`${date}T${clock}.${fraction.slice(0, 3)}${zone}`)
  return ms > 0 ? ms : 0
}
