import { documentError, failedToParse } from './document-error.ts'
import { dynamicField } from './dynamic.ts'
import { JsonError, parseJson, place } from '../json.ts'
import type { JsonNode } from '../json.ts'
import { countFields } from './mapping.ts'
import type { Dynamic, FieldMapping, Mapping, ObjectMapping } from './mapping.ts'
import { Refusal } from './refusal.ts'
import type { ErrorCause } from './refusal.ts'
import type { IndexSettings } from './settings.ts'
import { objectionTo, preview, TERM_LIMIT_BYTES, textOf } from './values.ts'
import type { Value } from './values.ts'

/** The index that a document is meant for. */
export interface Target {
  readonly mapping: Mapping
  readonly settings: IndexSettings
  readonly isDataStream: boolean
}

/**
 * Parses a document against the mapping, which grows by what the document brings. A document that is refused
 * leaves the mapping as it was. `major` decides the wording.
 */
export function parseDocument(source: Buffer, id: string, target: Target, major: number): void {
  const undo: (() => void)[] = []
  try {
    const { text, nodes } = read(source, major)
    const walk = new Walk(text, id, target, major, undo)
    walk.document(nodes)
  } catch (error) {
    for (const step of undo.toReversed()) step()
    throw error
  }
}

const METADATA = new Set(
  '_id _index _source _type _routing _field_names _ignored _doc_count _version _seq_no _tier _nested_path _data_stream_timestamp _size'.split(
    ' ',
  ),
)
/** These may stand in a document. */
const WRITABLE_METADATA = new Set(['_doc_count'])

function read(source: Buffer, major: number): { text: string; nodes: JsonNode[] } {
  if (source.length === 0) throw documentError(major, '[0:0]', 'failed to parse, document is empty')
  try {
    return parseJson(source)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const where = place(source.toString(), error.at)
    throw failedToParse(
      major,
      where,
      major >= 8
        ? { type: 'x_content_parse_exception', reason: `${where} ${error.message}` }
        : { type: 'json_parse_exception', reason: error.message },
    )
  }
}

class Walk {
  #fieldCount: number
  #newFields = 0
  #timestamps = 0
  readonly #text: string
  readonly #id: string
  readonly #target: Target
  readonly #major: number
  readonly #undo: (() => void)[]

  constructor(text: string, id: string, target: Target, major: number, undo: (() => void)[]) {
    this.#text = text
    this.#id = id
    this.#target = target
    this.#major = major
    this.#undo = undo
    this.#fieldCount = countFields(target.mapping.root) - 1
  }

  document([root, ...extra]: readonly JsonNode[]): void {
    if (root?.kind !== 'object') throw this.#error(root, 'Malformed content, must start with an object')
    if (extra.length > 0)
      throw this.#error(
        extra[0],
        `Malformed content, found extra data after parsing: ${extra[0]?.kind === 'object' ? 'START_OBJECT' : 'VALUE'}`,
      )
    const { mapping, isDataStream } = this.#target
    if (mapping.root.enabled) this.#object(root, mapping.root, '', 'true', 1)
    if (!isDataStream || this.#timestamps === 1) return
    throw this.#illegal(
      root,
      this.#timestamps === 0
        ? 'data stream timestamp field [@timestamp] is missing'
        : 'data stream timestamp field [@timestamp] encountered multiple values',
    )
  }

  #object(
    node: Extract<JsonNode, { kind: 'object' }>,
    mapping: ObjectMapping,
    path: string,
    inherited: Dynamic,
    depth: number,
  ): void {
    const dynamic = mapping.dynamic ?? inherited
    for (const { name, value } of node.fields) {
      const [first = '', ...rest] = this.#split(name, value)
      if (path === '' && METADATA.has(first) && !WRITABLE_METADATA.has(first)) {
        throw this.#error(
          value,
          `Field [${first}] is a metadata field and cannot be added inside a document. Use the index API request parameters.`,
        )
      }
      this.#field(
        expand(rest, value),
        first,
        mapping,
        path === '' ? first : `${path}.${first}`,
        dynamic,
        depth,
      )
    }
  }

  #field(
    node: JsonNode,
    name: string,
    parent: ObjectMapping,
    path: string,
    dynamic: Dynamic,
    depth: number,
  ): void {
    if (node.kind === 'array') {
      for (const item of node.items) this.#field(item, name, parent, path, dynamic, depth)
      return
    }
    if (path === '@timestamp' && node.kind !== 'null') this.#timestamps += 1
    const known = parent.fields.get(name)
    if (node.kind === 'null') {
      if (!known && dynamic === 'strict') throw this.#strict(node, name, parent, path)
      return
    }
    const mapping = known ?? this.#introduce(node, name, parent, path, dynamic, depth)
    if (!mapping) return
    if (mapping.kind === 'field') return this.#value(node, mapping, path)
    if (!mapping.enabled) return
    if (node.kind !== 'object')
      throw this.#error(
        node,
        `object mapping for [${path}] tried to parse field [${name}] as object, but found a concrete value`,
      )
    this.#object(node, mapping, path, dynamic, depth + 1)
  }

  /** Dynamic mapping: undefined when the field stays unmapped. */
  #introduce(
    node: Value,
    name: string,
    parent: ObjectMapping,
    path: string,
    dynamic: Dynamic,
    depth: number,
  ): FieldMapping | ObjectMapping | undefined {
    if (dynamic === 'strict') throw this.#strict(node, name, parent, path)
    if (dynamic === 'false' || (dynamic === 'runtime' && node.kind !== 'object')) return undefined
    const { mapping, settings } = this.#target
    const field = dynamicField(node, name, path, mapping)
    if (!field)
      throw this.#failed(node, {
        type: 'illegal_state_exception',
        reason: 'No matching token for number_type [BIG_INTEGER]',
      })
    const more = countFields(field)
    if (this.#fieldCount + more > settings.totalFieldsLimit) {
      if (settings.ignoreDynamicBeyondLimit) return undefined
      throw this.#illegal(
        node,
        `Limit of total fields [${settings.totalFieldsLimit}] has been exceeded while adding new fields [${this.#newFields + more}]`,
      )
    }
    if (field.kind === 'object' && depth + 1 > settings.depthLimit) {
      // Found when the mapping is merged, after the document was parsed: no wrapping.
      throw new Refusal(400, {
        type: 'illegal_argument_exception',
        reason: `Limit of mapping depth [${settings.depthLimit}] has been exceeded due to object field [${path}]`,
      })
    }
    this.#fieldCount += more
    this.#newFields += more
    parent.fields.set(name, field)
    this.#undo.push(() => parent.fields.delete(name))
    return field
  }

  #value(node: Value, field: FieldMapping, path: string): void {
    const cause = objectionTo(node, field)
    if (cause) {
      const tolerated =
        field.parameters['ignore_malformed'] ??
        (this.#target.settings.ignoreMalformed && node.kind !== 'object')
      if (tolerated === true && CAN_IGNORE_MALFORMED.has(field.type)) return
      throw this.#error(
        node,
        `failed to parse field [${path}] of type [${field.type}] in document with id '${this.#id}'. Preview of field's value: '${preview(node)}'`,
        cause,
      )
    }
    if (node.kind === 'object') return
    const text = textOf(node)
    if (field.type === 'constant_keyword' && field.constant === undefined) {
      field.constant = text
      this.#undo.push(() => delete field.constant)
    }
    if (field.type === 'keyword') this.#checkTerm(text, field, path)
  }

  #checkTerm(text: string, field: FieldMapping, path: string): void {
    const bytes = Buffer.from(text)
    if (
      text.length > Number(field.parameters['ignore_above'] ?? Infinity) ||
      bytes.length <= TERM_LIMIT_BYTES
    )
      return
    throw new Refusal(400, {
      type: 'illegal_argument_exception',
      reason: `Document contains at least one immense term in field="${path}" (whose UTF8 encoding is longer than the max length ${TERM_LIMIT_BYTES}), all of which were skipped.  Please correct the analyzer to not produce such terms.  The prefix of the first immense term is: '[${[...bytes.subarray(0, 30)].map((byte) => (byte > 127 ? byte - 256 : byte)).join(', ')}]...', original message: bytes can be at most ${TERM_LIMIT_BYTES} in length; got ${bytes.length}`,
      caused_by: {
        type: 'max_bytes_length_exceeded_exception',
        reason: `bytes can be at most ${TERM_LIMIT_BYTES} in length; got ${bytes.length}`,
      },
    })
  }

  #split(name: string, at: JsonNode): string[] {
    if (name === '') throw this.#illegal(at, 'field name cannot be an empty string')
    if (name.trim() === '') throw this.#error(at, `Field name cannot contain only whitespace: [${name}]`)
    const parts = name.split('.')
    while (parts.length > 1 && parts.at(-1) === '') parts.pop()
    if (parts.length === 1 && parts[0] === '') throw this.#illegal(at, 'field name cannot contain only dots')
    for (const part of parts) {
      if (part === '') throw this.#illegal(at, `field name cannot contain only whitespace: ['${name}']`)
      if (part.trim() === '')
        throw this.#illegal(
          at,
          `field name starting or ending with a [.] makes object resolution ambiguous: [${name}]`,
        )
    }
    return parts
  }

  #strict(node: JsonNode, name: string, parent: ObjectMapping, path: string): Refusal {
    const within = parent === this.#target.mapping.root ? '_doc' : path.slice(0, path.lastIndexOf('.'))
    return new Refusal(400, {
      type: 'strict_dynamic_mapping_exception',
      reason: `${this.#major >= 8 ? `${place(this.#text, node.at)} ` : ''}mapping set to strict, dynamic introduction of [${name}] within [${within}] is not allowed`,
    })
  }

  #error(node: JsonNode | undefined, reason: string, cause?: ErrorCause): Refusal {
    return documentError(this.#major, place(this.#text, node?.at ?? 0), reason, cause)
  }

  #failed(node: JsonNode, cause: ErrorCause): Refusal {
    return failedToParse(this.#major, place(this.#text, node.at), cause)
  }

  #illegal(node: JsonNode, reason: string): Refusal {
    return this.#failed(node, { type: 'illegal_argument_exception', reason })
  }
}

const CAN_IGNORE_MALFORMED = new Set(
  'long integer short byte unsigned_long float double half_float scaled_float date date_nanos boolean ip geo_point'.split(
    ' ',
  ),
)

/** `a.b.c: v` is `a: { b: { c: v } }`. */
function expand(path: readonly string[], value: JsonNode): JsonNode {
  return path.reduceRight<JsonNode>(
    (inner, name) => ({ kind: 'object', at: value.at, fields: [{ name, value: inner }] }),
    value,
  )
}
