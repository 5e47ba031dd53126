/** What a date field takes unless its mapping says otherwise, and the first that dynamic mapping tries on a string. */
export const DEFAULT_DATE_FORMAT = 'strict_date_optional_time||epoch_millis'

/** What dynamic mapping tries next. */
export const SLASHED_DATE_FORMAT = 'yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis'

/** Whether a text is a date in one of the formats (joined by `||`). Of formats unknown to the stand-in it says yes. */
export function isDate(text: string, formats: string): boolean {
  return formats.split('||').some((format) => {
    const pattern = FORMATS[format]
    if (!pattern) return true
    const match = pattern.exec(text)
    return match !== null && isCalendarDate(match.groups ?? {})
  })
}

const ZONE = String.raw`(?:Z|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)`
const TIME = String.raw`(?<hour>\d{2})(?::(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,]\d{1,9})?)?)?${ZONE}?`
const OPTIONAL_TIME = new RegExp(
  String.raw`^[+-]?(?<year>\d{4})(?:-(?<month>\d{2})(?:-(?<day>\d{2})(?:T(?:${TIME})?)?)?)?$`,
)
const SLASHED = String.raw`^(?<year>\d{4})/(?<month>\d{1,2})/(?<day>\d{1,2})`

const FORMATS: Readonly<Record<string, RegExp>> = {
  strict_date_optional_time: OPTIONAL_TIME,
  strict_date_optional_time_nanos: OPTIONAL_TIME,
  date_optional_time: OPTIONAL_TIME,
  strict_date_time: new RegExp(
    String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})T(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})\.\d{1,9}${ZONE}$`,
  ),
  strict_date: /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})$/,
  'yyyy-MM-dd': /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})$/,
  'yyyy/MM/dd HH:mm:ss Z': new RegExp(
    String.raw`${SLASHED} (?<hour>\d{1,2}):(?<minute>\d{1,2}):(?<second>\d{1,2}) ${ZONE}$`,
  ),
  'yyyy/MM/dd HH:mm:ss': new RegExp(
    String.raw`${SLASHED} (?<hour>\d{1,2}):(?<minute>\d{1,2}):(?<second>\d{1,2})$`,
  ),
  'yyyy/MM/dd Z': new RegExp(`${SLASHED} ${ZONE}$`),
  'yyyy/MM/dd': new RegExp(`${SLASHED}$`),
  epoch_millis: /^-?\d{1,19}(?:\.\d{1,6})?$/,
  epoch_second: /^-?\d{1,16}(?:\.\d{1,9})?$/,
}

function isCalendarDate(parts: Record<string, string | undefined>): boolean {
  const month = Number(parts['month'] ?? 1)
  const day = Number(parts['day'] ?? 1)
  if (month < 1 || month > 12 || day < 1) return false
  if (parts['year'] !== undefined && day > new Date(Date.UTC(Number(parts['year']), month, 0)).getUTCDate())
    return false
  return (
    Number(parts['hour'] ?? 0) < 24 && Number(parts['minute'] ?? 0) < 60 && Number(parts['second'] ?? 0) < 60
  )
}
