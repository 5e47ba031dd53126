import { JsonError, parseJson, place, plain } from '../json.ts'
import type { JsonNode } from '../json.ts'
import { illegalArgument, refuse } from './refusal.ts'
import type { Refusal } from './refusal.ts'

/** One action of a bulk request with its source line. */
export interface BulkAction {
  readonly operation: 'create' | 'index' | 'update' | 'delete'
  readonly index: string
  readonly id?: string
  readonly pipeline?: string
  readonly requireAlias: boolean
  readonly requireDataStream: boolean
  readonly ifSeqNo?: number
  readonly ifPrimaryTerm?: number
  /** The source line's bytes, without the newline; empty for a delete. */
  readonly source: Buffer
}

/** What the URL says for every action that does not say otherwise. */
export interface BulkDefaults {
  readonly index?: string
  readonly pipeline?: string
  readonly requireAlias: boolean
  readonly requireDataStream: boolean
}

/** Reads the whole body before anything is done with it: one malformed line refuses the request. */
export function parseBulk(body: Buffer, defaults: BulkDefaults): BulkAction[] {
  if (body.length === 0) throw refuse(400, 'parse_exception', 'request body is required')
  const actions: BulkAction[] = []
  let pending: Omit<BulkAction, 'source'> | undefined
  let number = 0
  for (const line of linesOf(body)) {
    number += 1
    if (pending) {
      actions.push({ ...pending, source: line.at(-1) === 0x0d ? line.subarray(0, -1) : line })
      pending = undefined
      continue
    }
    const action = actionOf(line, number, defaults)
    if (action?.operation === 'delete') actions.push({ ...action, source: Buffer.alloc(0) })
    else pending = action
  }
  // A last action without its source line is dropped in silence, as Elasticsearch does.
  validate(actions)
  return actions
}

const NO_NEWLINE = String.raw`The bulk request must be terminated by a newline [\n]`
const ID_LIMIT_BYTES = 512
const OPERATIONS = new Set(['create', 'index', 'update', 'delete'])
const TEXT = new Set(['_index', '_id', 'routing', 'pipeline', 'op_type', 'version_type'])
const NUMBERS = new Set(['if_seq_no', 'if_primary_term', 'retry_on_conflict', 'version'])
const FLAGS = new Set(['require_alias', 'require_data_stream', 'list_executed_pipelines'])
const OBJECTS = new Set(['dynamic_templates', 'dynamic_template_params', '_source'])

function* linesOf(body: Buffer): Generator<Buffer> {
  let from = 0
  while (from < body.length) {
    const end = body.indexOf(0x0a, from)
    if (end === -1) throw illegalArgument(NO_NEWLINE)
    yield body.subarray(from, end)
    from = end + 1
  }
}

function actionOf(
  line: Buffer,
  number: number,
  defaults: BulkDefaults,
): Omit<BulkAction, 'source'> | undefined {
  const malformed = (rest: string): Refusal =>
    illegalArgument(`Malformed action/metadata line [${number}], ${rest}`)
  const nodes = nodesOf(line)
  const [root] = nodes
  // An empty line is passed over.
  if (!root) return undefined
  if (root.kind !== 'object') throw malformed(`expected START_OBJECT but found [${token(root)}]`)
  const [first, ...more] = root.fields
  if (!first) throw malformed('expected FIELD_NAME but found [END_OBJECT]')
  if (!OPERATIONS.has(first.name))
    throw malformed(`expected field [create], [delete], [index] or [update] but found [${first.name}]`)
  if (first.value.kind !== 'object')
    throw malformed(`expected START_OBJECT or END_OBJECT but found [${token(first.value)}]`)
  if (more.length > 0) throw malformed('expected END_OBJECT but found [FIELD_NAME]')
  if (nodes.length > 1) throw malformed('unexpected data after the closing brace')

  const given: Record<string, unknown> = {}
  for (const { name, value } of first.value.fields) {
    checkParameter(name, value, number, malformed)
    if (value.kind !== 'null')
      given[name] = TEXT.has(name) && value.kind === 'number' ? value.text : plain(value)
  }
  return toAction(first.name as BulkAction['operation'], given, defaults)
}

function checkParameter(
  name: string,
  value: JsonNode,
  line: number,
  malformed: (rest: string) => Refusal,
): void {
  if (value.kind === 'array' || (value.kind === 'object' && !OBJECTS.has(name)))
    throw malformed(`expected a simple value for field [${name}] but found [${token(value)}]`)
  if (value.kind === 'object' || value.kind === 'null') return
  if (!TEXT.has(name) && !NUMBERS.has(name) && !FLAGS.has(name) && name !== '_source')
    throw illegalArgument(`Action/metadata line [${line}] contains an unknown parameter [${name}]`)
  const text = value.kind === 'number' ? value.text : String(value.value)
  if (NUMBERS.has(name) && !/^-?\d+$/.test(text)) throw illegalArgument(`For input string: "${text}"`)
  if (FLAGS.has(name) && text !== 'true' && text !== 'false')
    throw illegalArgument(`Failed to parse value [${text}] as only [true] or [false] are allowed.`)
}

function toAction(
  named: BulkAction['operation'],
  given: Record<string, unknown>,
  defaults: BulkDefaults,
): Omit<BulkAction, 'source'> {
  if (given['version'] !== undefined || given['version_type'] !== undefined) {
    throw named === 'update'
      ? illegalArgument(
          'Update requests do not support versioning. Please use `if_seq_no` and `if_primary_term` instead',
        )
      : illegalArgument('This stand-in does not model [version] and [version_type]')
  }
  const text = (name: string): string | undefined =>
    given[name] === undefined ? undefined : String(given[name])
  const operation = named === 'index' && given['op_type'] === 'create' ? 'create' : named
  const id = text('_id')
  const pipeline = text('pipeline') ?? defaults.pipeline
  return {
    operation,
    // Checked by validate(), which reports all that is missing at once.
    index: text('_index') ?? defaults.index ?? MISSING,
    ...(id === undefined ? {} : { id }),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(given['if_seq_no'] === undefined ? {} : { ifSeqNo: Number(given['if_seq_no']) }),
    ...(given['if_primary_term'] === undefined ? {} : { ifPrimaryTerm: Number(given['if_primary_term']) }),
    requireAlias: flag(given['require_alias'], defaults.requireAlias),
    requireDataStream: flag(given['require_data_stream'], defaults.requireDataStream),
  }
}

const MISSING = '\0missing'
const flag = (value: unknown, otherwise: boolean): boolean =>
  value === undefined ? otherwise : String(value) === 'true'

function nodesOf(line: Buffer): JsonNode[] {
  try {
    return parseJson(line).nodes
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw refuse(400, 'x_content_parse_exception', `${place(line.toString(), error.at)} ${error.message}`)
  }
}

function validate(actions: readonly BulkAction[]): void {
  const mistakes: string[] = []
  if (actions.length === 0) mistakes.push('no requests added')
  for (const { operation, index, id, ifSeqNo } of actions) {
    if (index === MISSING) mistakes.push('index is missing')
    if (id === undefined && operation === 'delete') mistakes.push('an id is required for a delete operation')
    if (id === undefined && operation === 'update') mistakes.push('id is missing')
    if (id === undefined && operation === 'index' && ifSeqNo !== undefined)
      mistakes.push('an id must be provided if version type or value are set')
    if (operation === 'create' && ifSeqNo !== undefined)
      mistakes.push(`create operations do not support compare and set. use index instead`)
    const bytes = Buffer.byteLength(id ?? '')
    if (bytes > ID_LIMIT_BYTES)
      mistakes.push(
        `id [${id}] is too long, must be no longer than ${ID_LIMIT_BYTES} bytes but was: ${bytes}`,
      )
  }
  if (mistakes.length === 0) return
  const listed = mistakes.map((mistake, n) => `${n + 1}: ${mistake};`).join('')
  throw refuse(400, 'action_request_validation_exception', `Validation Failed: ${listed}`)
}

function token({ kind }: JsonNode): string {
  return kind === 'object' || kind === 'array' ? `START_${kind.toUpperCase()}` : `VALUE_${kind.toUpperCase()}`
}
