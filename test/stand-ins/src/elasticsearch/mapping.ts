import { Refusal, refuse } from './refusal.ts'

/** What an index knows about its fields. */
export interface Mapping {
  readonly root: ObjectMapping
  readonly dateDetection: boolean
  readonly numericDetection: boolean
  readonly dynamicTemplates: readonly DynamicTemplate[]
}

export interface ObjectMapping {
  readonly kind: 'object'
  readonly type: 'object' | 'nested'
  readonly enabled: boolean
  /** Inherited from the parent when undefined. */
  readonly dynamic: Dynamic | undefined
  readonly fields: Map<string, FieldMapping | ObjectMapping>
}

export interface FieldMapping {
  readonly kind: 'field'
  readonly type: string
  readonly parameters: Readonly<Record<string, unknown>>
  /** How many multi-fields hang below it; each counts as a field. */
  readonly multiFields: number
  /** The one value of a constant_keyword, once it is known. */
  constant?: string
}

export type Dynamic = 'true' | 'false' | 'strict' | 'runtime'

export interface DynamicTemplate {
  readonly matchMappingType: readonly string[]
  readonly match: readonly string[]
  readonly unmatch: readonly string[]
  readonly pathMatch: readonly string[]
  readonly pathUnmatch: readonly string[]
  readonly mapping: Readonly<Record<string, unknown>>
}

/** Reads the `mappings` of a template or an index. Throws the refusal that the real one answers. */
export function readMapping(body: Readonly<Record<string, unknown>>): Mapping {
  const { properties, dynamic, date_detection, numeric_detection, dynamic_templates, ...rest } = body
  for (const key of Object.keys(rest)) {
    if (!ROOT_PARAMETERS.has(key)) {
      throw mapperParsing(
        `Root mapping definition has unsupported parameters:  [${key} : ${JSON.stringify(rest[key])}]`,
      )
    }
  }
  return {
    root: {
      kind: 'object',
      type: 'object',
      enabled: rest['enabled'] !== false,
      dynamic: readDynamic(dynamic) ?? 'true',
      fields: readFields(properties, ''),
    },
    dateDetection: date_detection !== false,
    numericDetection: numeric_detection === true,
    dynamicTemplates: readDynamicTemplates(dynamic_templates),
  }
}

/** One more field, as dynamic mapping or a template gives it. */
export function readField(
  definition: Readonly<Record<string, unknown>>,
  path: string,
): FieldMapping | ObjectMapping {
  const { type = 'object', properties, fields, ...parameters } = definition
  if (type === 'object' || type === 'nested') {
    return {
      kind: 'object',
      type,
      enabled: parameters['enabled'] !== false,
      dynamic: readDynamic(parameters['dynamic']),
      fields: readFields(properties, `${path}.`),
    }
  }
  const name = path.slice(path.lastIndexOf('.') + 1)
  if (typeof type !== 'string' || !FIELD_TYPES.has(type))
    throw mapperParsing(`No handler for type [${String(type)}] declared on field [${name}]`)
  if (properties !== undefined)
    throw mapperParsing(`unknown parameter [properties] on mapper [${name}] of type [${type}]`)
  const unknown = Object.keys(parameters).find((key) => !FIELD_PARAMETERS.has(key))
  if (unknown !== undefined)
    throw mapperParsing(`unknown parameter [${unknown}] on mapper [${name}] of type [${type}]`)
  return {
    kind: 'field',
    type,
    parameters,
    multiFields: readFields(fields, `${path}.`).size,
    ...(typeof parameters['value'] === 'string' ? { constant: parameters['value'] } : {}),
  }
}

/** Fields, objects and multi-fields: what `index.mapping.total_fields.limit` counts. */
export function countFields(mapping: FieldMapping | ObjectMapping): number {
  if (mapping.kind === 'field') return 1 + mapping.multiFields
  let count = 1
  for (const field of mapping.fields.values()) count += countFields(field)
  return count
}

/** The mapping as `GET /{index}/_mapping` shows it. */
export function showField(mapping: FieldMapping | ObjectMapping): Record<string, unknown> {
  if (mapping.kind === 'field') return { type: mapping.type, ...mapping.parameters }
  return {
    ...(mapping.type === 'nested' ? { type: 'nested' } : {}),
    properties: Object.fromEntries([...mapping.fields].map(([name, field]) => [name, showField(field)])),
  }
}

const ROOT_PARAMETERS = new Set([
  '_data_stream_timestamp',
  '_meta',
  '_routing',
  '_size',
  '_source',
  'dynamic_date_formats',
  'enabled',
  'runtime',
  'subobjects',
])

const FIELD_TYPES = new Set(
  `alias binary boolean byte constant_keyword counted_keyword date date_nanos dense_vector double flattened float
  geo_point half_float histogram integer ip keyword long match_only_text scaled_float short text unsigned_long
  version wildcard`.split(/\s+/),
)

const FIELD_PARAMETERS = new Set(
  `analyzer coerce copy_to depth_limit dims doc_values eager_global_ordinals fielddata format ignore_above
  ignore_malformed index index_options index_phrases index_prefixes locale meta metric norms normalizer null_value
  on_script_error path position_increment_gap scaling_factor script search_analyzer search_quote_analyzer similarity
  split_queries_on_whitespace store synthetic_source_keep term_vector time_series_dimension time_series_dimensions
  time_series_metric value`.split(/\s+/),
)

function readFields(properties: unknown, prefix: string): Map<string, FieldMapping | ObjectMapping> {
  const fields = new Map<string, FieldMapping | ObjectMapping>()
  if (properties === undefined) return fields
  if (!isObject(properties)) throw mapperParsing('Expected map for property [properties] on field [_doc]')
  for (const [name, definition] of Object.entries(properties)) {
    if (!isObject(definition))
      throw mapperParsing(
        `Expected map for property [fields] on field [${name}] but got a class java.lang.String`,
      )
    place(fields, name.split('.'), readField(definition, prefix + name))
  }
  return fields
}

/** Dots in a mapped name make objects. */
function place(
  fields: Map<string, FieldMapping | ObjectMapping>,
  [name = '', ...rest]: readonly string[],
  field: FieldMapping | ObjectMapping,
): void {
  if (rest.length === 0) return void fields.set(name, field)
  let parent = fields.get(name)
  if (parent?.kind !== 'object') {
    parent = { kind: 'object', type: 'object', enabled: true, dynamic: undefined, fields: new Map() }
    fields.set(name, parent)
  }
  place(parent.fields, rest, field)
}

function readDynamic(value: unknown): Dynamic | undefined {
  if (value === undefined) return undefined
  const text = String(value)
  if (text === 'true' || text === 'false' || text === 'strict' || text === 'runtime') return text
  throw mapperParsing(`Could not convert [dynamic] to boolean`)
}

function readDynamicTemplates(value: unknown): DynamicTemplate[] {
  if (value === undefined) return []
  if (!Array.isArray(value))
    throw mapperParsing('Dynamic template syntax error. An array of named objects is expected.')
  return value.map((entry: unknown) => {
    const [[name, body] = [], ...more] = isObject(entry) ? Object.entries(entry) : []
    if (name === undefined || more.length > 0 || !isObject(body))
      throw mapperParsing('A dynamic template must be defined with a name')
    if (!isObject(body['mapping']) && !isObject(body['runtime']))
      throw mapperParsing(`template [${name}] must have either mapping or runtime set`)
    return {
      matchMappingType: list(body['match_mapping_type']),
      match: list(body['match']),
      unmatch: list(body['unmatch']),
      pathMatch: list(body['path_match']),
      pathUnmatch: list(body['path_unmatch']),
      mapping: isObject(body['mapping']) ? body['mapping'] : {},
    }
  })
}

const list = (value: unknown): string[] =>
  value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)]

const mapperParsing = (reason: string): Refusal => refuse(400, 'mapper_parsing_exception', reason)

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
