import { isIP } from 'node:net'
import { DEFAULT_DATE_FORMAT, isDate } from './dates.ts'
import type { JsonNode } from '../json.ts'
import type { FieldMapping } from './mapping.ts'
import type { ErrorCause } from './refusal.ts'

/** One value that is not an array and not null. */
export type Value = Exclude<JsonNode, { kind: 'null' } | { kind: 'array' }>

/** Why a field cannot take a value, or undefined when it can. */
export function objectionTo(value: Value, field: FieldMapping): ErrorCause | undefined {
  const range = INTEGERS[field.type]
  if (range) return integerObjection(value, field, range)
  switch (field.type) {
    case 'float':
    case 'double':
    case 'half_float':
    case 'scaled_float':
      return decimalObjection(value, field)
    case 'boolean':
      return booleanObjection(value)
    case 'date':
    case 'date_nanos':
      return dateObjection(value, field)
    case 'ip':
      if (value.kind === 'object') return onObject('text')
      return isIP(textOf(value)) ? undefined : illegal(`'${textOf(value)}' is not an IP string literal.`)
    case 'flattened':
      return value.kind === 'object' ? flattenedObjection(value, field) : illegalObjectFor(value)
    case 'constant_keyword':
      return constantObjection(value, field)
    case 'keyword':
    case 'text':
    case 'match_only_text':
    case 'wildcard':
    case 'version':
      return value.kind === 'object' ? onObject('text') : undefined
    default:
      return undefined
  }
}

/** What the error shows of the value. */
export function preview(value: JsonNode): string {
  switch (value.kind) {
    case 'object':
      return `{${value.fields.map(({ name, value }) => `${name}=${preview(value)}`).join(', ')}}`
    case 'array':
      return `[${value.items.map(preview).join(', ')}]`
    case 'null':
      return 'null'
    default:
      return textOf(value)
  }
}

/** A keyword beyond this many bytes of UTF-8 cannot be indexed. */
export const TERM_LIMIT_BYTES = 32_766

const INTEGERS: Readonly<Record<string, readonly [min: bigint, max: bigint]>> = {
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  byte: [-128n, 127n],
  unsigned_long: [0n, 2n ** 64n - 1n],
}
const LARGEST: Readonly<Record<string, number>> = { float: 3.4028235677973366e38, half_float: 65_520 }
const DEFAULT_FLATTENED_DEPTH = 20

const illegal = (reason: string): ErrorCause => ({ type: 'illegal_argument_exception', reason })
const onObject = (what: string): ErrorCause => ({
  type: 'illegal_state_exception',
  reason: `Can't get ${what} on a START_OBJECT at 1:1`,
})

function integerObjection(
  value: Value,
  field: FieldMapping,
  [min, max]: readonly [bigint, bigint],
): ErrorCause | undefined {
  if (value.kind === 'object') return illegal('Cannot parse object as number')
  if (value.kind === 'boolean') return illegal(notNumeric(value.value))
  const text = textOf(value)
  const coerce = field.parameters['coerce'] !== false
  if (text === '' && coerce) return undefined
  const number = numeric(text)
  if (number === undefined) return illegal(`For input string: "${text}"`)
  if (!coerce && !Number.isInteger(number)) return illegal(`Value [${text}] has a decimal part`)
  const whole = /^-?\d+$/.test(text)
    ? BigInt(text)
    : Number.isFinite(number)
      ? BigInt(Math.trunc(number))
      : max + 1n
  if (whole >= min && whole <= max) return undefined
  return value.kind === 'number' && field.type === 'long' && /^-?\d+$/.test(text)
    ? {
        type: 'input_coercion_exception',
        reason: `Numeric value (${text}) out of range of long (${min} - ${max})`,
      }
    : illegal(`Value [${text}] is out of range for ${/^[aeiou]/.test(field.type) ? 'an' : 'a'} ${field.type}`)
}

function decimalObjection(value: Value, field: FieldMapping): ErrorCause | undefined {
  if (value.kind === 'object') return illegal('Cannot parse object as number')
  if (value.kind === 'boolean') return illegal(notNumeric(value.value))
  const text = textOf(value)
  if (text === '' && field.parameters['coerce'] !== false) return undefined
  const number = numeric(text)
  if (number === undefined) return illegal(`For input string: "${text}"`)
  if (Math.abs(number) <= (LARGEST[field.type] ?? Number.MAX_VALUE)) return undefined
  return illegal(`[${field.type}] supports only finite values, but got [${number < 0 ? '-' : ''}Infinity]`)
}

function booleanObjection(value: Value): ErrorCause | undefined {
  if (value.kind === 'object') return onObject('boolean value')
  const text = textOf(value)
  if (value.kind !== 'number' && ['true', 'false', ''].includes(text)) return undefined
  return illegal(`Failed to parse value [${text}] as only [true] or [false] are allowed.`)
}

function dateObjection(value: Value, field: FieldMapping): ErrorCause | undefined {
  if (value.kind === 'object') return onObject('text')
  const format = String(field.parameters['format'] ?? DEFAULT_DATE_FORMAT)
  const text = textOf(value)
  if (isDate(text, format)) return undefined
  return {
    ...illegal(`failed to parse date field [${text}] with format [${format}]`),
    caused_by: {
      type: 'date_time_parse_exception',
      reason: format.includes('||')
        ? 'Failed to parse with all enclosed parsers'
        : `Text '${text}' could not be parsed at index 0`,
    },
  }
}

function flattenedObjection(value: Value, field: FieldMapping): ErrorCause | undefined {
  const limit = Number(field.parameters['depth_limit'] ?? DEFAULT_FLATTENED_DEPTH)
  const ignoreAbove = Number(field.parameters['ignore_above'] ?? Infinity)
  const visit = (node: JsonNode, depth: number, key: string): ErrorCause | undefined => {
    if (node.kind === 'array') return first(node.items, (item) => visit(item, depth, key))
    if (node.kind === 'object') {
      if (depth > limit)
        return illegal(
          `The provided [flattened] field [${key}] exceeds the maximum depth limit of [${limit}].`,
        )
      return first(node.fields, ({ name, value }) =>
        name.includes('\0')
          ? illegal(`Do not include null bytes in keys in [flattened] fields: [${name}]`)
          : visit(value, depth + 1, key === '' ? name : `${key}.${name}`),
      )
    }
    const text = preview(node)
    const bytes = Buffer.byteLength(key) + 1 + Buffer.byteLength(text)
    if (text.length > ignoreAbove || bytes <= TERM_LIMIT_BYTES) return undefined
    return illegal(
      `Flattened field [${key}] contains one immense field whose keyed encoding is longer than the allowed max length of ${TERM_LIMIT_BYTES} bytes. Key length: ${key.length}, value length: ${text.length} for key starting with [${key.slice(0, 50)}]`,
    )
  }
  return visit(value, 0, '')
}

function constantObjection(value: Value, field: FieldMapping): ErrorCause | undefined {
  if (value.kind === 'object') return onObject('text')
  const text = textOf(value)
  if (field.constant === undefined || field.constant === text) return undefined
  return illegal(
    `[constant_keyword] field only accepts values that are equal to the value defined in the mappings [${field.constant}], but got [${text}]`,
  )
}

const illegalObjectFor = (value: Value): ErrorCause => ({
  type: 'parsing_exception',
  reason: `Failed to parse object: expecting token of type [START_OBJECT] but found [VALUE_${value.kind.toUpperCase()}]`,
})

export const textOf = (value: Exclude<Value, { kind: 'object' }>): string =>
  value.kind === 'number' ? value.text : String(value.value)

const notNumeric = (value: boolean): string =>
  `Current token (VALUE_${String(value).toUpperCase()}) not numeric, can not use numeric value accessors`

function numeric(text: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : undefined
}

function first<T>(
  items: readonly T[],
  objection: (item: T) => ErrorCause | undefined,
): ErrorCause | undefined {
  for (const item of items) {
    const found = objection(item)
    if (found) return found
  }
  return undefined
}
