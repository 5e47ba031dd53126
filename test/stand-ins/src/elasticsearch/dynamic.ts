import { DEFAULT_DATE_FORMAT, isDate, SLASHED_DATE_FORMAT } from './dates.ts'
import { matches } from './index-name.ts'
import { readField } from './mapping.ts'
import type { FieldMapping, Mapping, ObjectMapping } from './mapping.ts'
import type { Value } from './values.ts'

/** The field that a first value makes; undefined for a number that no dynamic type holds. */
export function dynamicField(
  value: Value,
  name: string,
  path: string,
  mapping: Mapping,
): FieldMapping | ObjectMapping | undefined {
  const detected = detect(value, mapping)
  if (!detected) return undefined
  const template = mapping.dynamicTemplates.find(
    ({ matchMappingType, match, unmatch, pathMatch, pathUnmatch }) =>
      (matchMappingType.length === 0 ||
        matchMappingType.some((type) => type === '*' || type === detected.matched)) &&
      (match.length === 0 || match.some((pattern) => matches(pattern, name))) &&
      (pathMatch.length === 0 || pathMatch.some((pattern) => matches(pattern, path))) &&
      !unmatch.some((pattern) => matches(pattern, name)) &&
      !pathUnmatch.some((pattern) => matches(pattern, path)),
  )
  if (!template) return readField(detected.definition, path)
  const { type = detected.definition['type'], ...rest } = template.mapping
  const named = type === '{dynamic_type}' ? detected.definition['type'] : type
  return readField({ ...rest, type: named }, path)
}

interface Detected {
  /** What `match_mapping_type` is compared with. */
  readonly matched: 'object' | 'boolean' | 'long' | 'double' | 'date' | 'string'
  readonly definition: Readonly<Record<string, unknown>>
}

function detect(value: Value, mapping: Mapping): Detected | undefined {
  switch (value.kind) {
    case 'object':
      return { matched: 'object', definition: { type: 'object' } }
    case 'boolean':
      return { matched: 'boolean', definition: { type: 'boolean' } }
    case 'number':
      return numberType(value.text)
    default:
      return stringType(value.value, mapping)
  }
}

function numberType(text: string): Detected | undefined {
  if (!/^-?\d+$/.test(text)) return { matched: 'double', definition: { type: 'float' } }
  const value = BigInt(text)
  if (value > 2n ** 63n - 1n || value < -(2n ** 63n)) return undefined
  return { matched: 'long', definition: { type: 'long' } }
}

function stringType(text: string, mapping: Mapping): Detected {
  const looksNumeric = text.trim() !== '' && Number.isFinite(Number(text))
  if (looksNumeric) return (mapping.numericDetection ? numberType(text) : undefined) ?? STRING
  if (!mapping.dateDetection) return STRING
  if (isDate(text, DEFAULT_DATE_FORMAT)) return { matched: 'date', definition: { type: 'date' } }
  return isDate(text, SLASHED_DATE_FORMAT)
    ? { matched: 'date', definition: { type: 'date', format: SLASHED_DATE_FORMAT } }
    : STRING
}

const STRING: Detected = {
  matched: 'string',
  definition: { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } },
}
