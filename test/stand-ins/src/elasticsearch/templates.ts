import { matches } from './index-name.ts'
import { isObject, readMapping } from './mapping.ts'
import { illegalArgument, refuse } from './refusal.ts'
import type { Refusal } from './refusal.ts'

/** A composable index template as it was put. */
export interface IndexTemplate {
  readonly index_patterns: readonly string[]
  readonly priority?: number
  readonly template: {
    readonly settings: Readonly<Record<string, unknown>>
    readonly mappings: Readonly<Record<string, unknown>>
  }
  readonly data_stream?: Readonly<Record<string, unknown>>
  /** The body, to be given back. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface Templates extends ReadonlyMap<string, IndexTemplate> {
  /** Validates and keeps a template. Throws the refusal. */
  put(name: string, body: unknown): void
  delete(name: string): boolean
  /** The template of the highest priority whose patterns cover the name. */
  find(index: string): IndexTemplate | undefined
}

export function indexTemplates(major: number): Templates {
  const templates = new Map<string, IndexTemplate>()
  for (const [name, body] of Object.entries(builtIn(major))) templates.set(name, readTemplate(name, body))
  return {
    get: (name) => templates.get(name),
    has: (name) => templates.has(name),
    get size() {
      return templates.size
    },
    forEach: (callback, self) =>
      templates.forEach((value, key) => callback.call(self, value, key, templates)),
    entries: () => templates.entries(),
    keys: () => templates.keys(),
    values: () => templates.values(),
    [Symbol.iterator]: () => templates[Symbol.iterator](),
    put(name, body) {
      const template = readTemplate(name, body)
      checkOverlap(name, template, templates)
      templates.set(name, template)
    },
    delete: (name) => templates.delete(name),
    find: (index) =>
      [...templates.values()]
        .filter(({ index_patterns }) => index_patterns.some((pattern) => matches(pattern, index)))
        .sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0))[0],
  }
}

const TEMPLATE_KEYS = new Set(
  '_meta allow_auto_create composed_of data_stream deprecated ignore_missing_component_templates index_patterns priority template version'.split(
    ' ',
  ),
)
const INNER_KEYS = new Set(['aliases', 'data_stream_options', 'lifecycle', 'mappings', 'settings'])
const DATA_STREAM_KEYS = new Set(['allow_custom_routing', 'failure_store', 'hidden'])

function readTemplate(name: string, body: unknown): IndexTemplate {
  if (!isObject(body)) throw refuse(400, 'parse_exception', 'request body is required')
  if (name !== name.toLowerCase() || /[ ,#*?"<>|\\/]/.test(name) || name.startsWith('_'))
    throw refuse(
      400,
      'invalid_index_template_exception',
      `index_template [${name}] invalid, cause [name must be lower cased and must not contain a space, a comma, a wildcard or start with '_']`,
    )
  rejectUnknown('index_template', body, TEMPLATE_KEYS)
  const {
    index_patterns: patterns,
    priority,
    template = {},
    data_stream: dataStream,
    composed_of: composed,
  } = body
  const listed = typeof patterns === 'string' ? [patterns] : patterns
  if (!Array.isArray(listed) || !listed.every((pattern) => typeof pattern === 'string'))
    throw refuse(400, 'x_content_parse_exception', 'Required [index_patterns]')
  if (listed.length === 0) throw validation('index patterns are missing')
  if (priority !== undefined && !(Number.isInteger(priority) && Number(priority) >= 0))
    throw validation('index template priority must be >= 0')
  if (!isObject(template)) throw parsing('[index_template] failed to parse field [template]')
  rejectUnknown('template', template, INNER_KEYS)
  if (dataStream !== undefined) {
    if (!isObject(dataStream)) throw parsing('[index_template] failed to parse field [data_stream]')
    rejectUnknown('data_stream_template', dataStream, DATA_STREAM_KEYS)
  }
  if (
    Array.isArray(composed) &&
    composed.length > 0 &&
    body['ignore_missing_component_templates'] === undefined
  )
    throw refuse(
      400,
      'invalid_index_template_exception',
      `index_template [${name}] invalid, cause [index template [${name}] specifies component templates [${composed.join(', ')}] that do not exist]`,
    )
  const { settings = {}, mappings = {} } = template
  if (!isObject(settings) || !isObject(mappings)) throw parsing('[template] failed to parse object')
  try {
    readMapping(mappings)
  } catch (error) {
    throw illegalArgument(
      `composable template [${name}] template after composition is invalid: ${(error as Refusal).message}`,
    )
  }
  return {
    index_patterns: listed,
    ...(priority === undefined ? {} : { priority: Number(priority) }),
    template: { settings, mappings },
    ...(dataStream === undefined ? {} : { data_stream: dataStream }),
    body: { composed_of: [], ...body, index_patterns: listed },
  }
}

function rejectUnknown(
  what: string,
  body: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
): void {
  const unknown = Object.keys(body).find((key) => !known.has(key))
  if (unknown !== undefined)
    throw refuse(400, 'x_content_parse_exception', `[1:1] [${what}] unknown field [${unknown}]`)
}

function checkOverlap(name: string, template: IndexTemplate, all: ReadonlyMap<string, IndexTemplate>): void {
  const priority = template.priority ?? 0
  const clashing = [...all].filter(
    ([other, { priority: theirs = 0, index_patterns }]) =>
      other !== name &&
      theirs === priority &&
      index_patterns.some((a) => template.index_patterns.some((b) => overlap(a, b))),
  )
  if (clashing.length === 0) return
  const shown = clashing
    .map(([other, { index_patterns }]) => `${other} => [${index_patterns.join(', ')}]`)
    .join(', ')
  throw illegalArgument(
    `index template [${name}] has index patterns [${template.index_patterns.join(', ')}] matching patterns from existing templates [${clashing.map(([other]) => other).join(',')}] with patterns (${shown}) that have the same priority [${priority}], multiple index templates may not match during index creation, please use a different priority`,
  )
}

/** Whether some name is covered by both patterns. */
function overlap(a: string, b: string): boolean {
  if (a === '' || b === '') return /^\**$/.test(a + b)
  if (a[0] === '*') return overlap(a.slice(1), b) || overlap(a, b.slice(1))
  if (b[0] === '*') return overlap(b, a)
  return a[0] === b[0] && overlap(a.slice(1), b.slice(1))
}

const validation = (mistake: string): Refusal =>
  refuse(400, 'action_request_validation_exception', `Validation Failed: 1: ${mistake};`)
const parsing = (reason: string): Refusal => refuse(400, 'x_content_parse_exception', reason)

/** What comes with Elasticsearch, as far as it decides what is refused. */
function builtIn(major: number): Record<string, unknown> {
  const keywords = {
    strings_as_keyword: { match_mapping_type: 'string', mapping: { ignore_above: 1024, type: 'keyword' } },
  }
  const dataStreamFields = (type: string): Record<string, unknown> => ({
    '@timestamp': { type: 'date', ignore_malformed: false },
    data_stream: {
      properties: {
        type: { type: 'constant_keyword', value: type },
        dataset: { type: 'constant_keyword' },
        namespace: { type: 'constant_keyword' },
      },
    },
    ecs: { properties: { version: { type: 'keyword', ignore_above: 1024 } } },
    host: { type: 'object' },
  })
  return {
    logs: {
      index_patterns: ['logs-*-*'],
      priority: 100,
      data_stream: {},
      template: {
        settings:
          major >= 8
            ? { mapping: { ignore_malformed: true, total_fields: { ignore_dynamic_beyond_limit: true } } }
            : {},
        mappings: {
          date_detection: false,
          dynamic_templates: [
            { match_ip: { match: 'ip', match_mapping_type: 'string', mapping: { type: 'ip' } } },
            {
              match_message: {
                match: 'message',
                match_mapping_type: 'string',
                mapping: { type: 'match_only_text' },
              },
            },
            keywords,
          ],
          properties: dataStreamFields('logs'),
        },
      },
    },
    metrics: {
      index_patterns: ['metrics-*-*'],
      priority: 100,
      data_stream: {},
      template: {
        settings: { mapping: { total_fields: { limit: 10_000, ignore_dynamic_beyond_limit: major >= 8 } } },
        mappings: {
          date_detection: false,
          dynamic_templates: [keywords],
          properties: dataStreamFields('metrics'),
        },
      },
    },
  }
}
