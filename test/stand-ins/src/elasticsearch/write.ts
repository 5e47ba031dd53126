import { randomBytes } from 'node:crypto'
import type { BulkAction } from './bulk.ts'
import { parseDocument } from './document.ts'
import type { Index, Indices } from './indices.ts'
import { parseJson, plain, print } from '../json.ts'
import { isObject } from './mapping.ts'
import { illegalArgument, refuse, Refusal } from './refusal.ts'
import type { Templates } from './templates.ts'

/** What a bulk answer says about one action that went through. */
export interface Written {
  readonly _index: string
  readonly _id: string
  readonly _version: number
  readonly result: 'created' | 'updated' | 'deleted' | 'not_found' | 'noop'
  readonly _seq_no: number
  readonly _primary_term: number
  readonly status: number
}

export interface Writer {
  /** The index that an action is for, made if need be. Throws the refusal of the item. */
  target(action: BulkAction): Index
  /** Does one action, as the bulk API would. Throws the refusal of the item. */
  write(action: BulkAction, index: Index, id: string): Written
}

export function writer(indices: Indices, templates: Templates, major: number): Writer {
  return {
    target(action) {
      checkTarget(action, indices, templates)
      return indices.open(action.index)
    },
    write(action, index, id) {
      const current = index.documents.get(id)
      checkSeqNo(action, id, index)
      if (action.operation === 'update') return update(action, id, index, major)
      if (action.operation === 'delete') {
        index.documents.delete(id)
        return written(index, id, (current?.version ?? 0) + 1, current ? 'deleted' : 'not_found')
      }
      if (action.operation === 'create' && current)
        throw conflict(
          index,
          `[${id}]: version conflict, document already exists (current version [${current.version}])`,
        )
      return store(index, id, action.source, major)
    },
  }
}

/** As Elasticsearch makes them: 20 characters, safe in a URL. */
export const newId = (): string => randomBytes(15).toString('base64url')

function checkTarget(action: BulkAction, indices: Indices, templates: Templates): void {
  const { operation, index, id, pipeline } = action
  if (action.requireAlias)
    throw new Refusal(404, {
      type: 'index_not_found_exception',
      reason: `no such index [${index}] and [require_alias] request flag is [true] and [${index}] is not an alias`,
      index_uuid: '_na_',
      index,
    })
  if (pipeline !== undefined && pipeline !== '_none')
    throw illegalArgument(`pipeline with id [${pipeline}] does not exist`)
  if (id === '') throw illegalArgument('if _id is specified it must not be empty')
  const isDataStream =
    indices.all.get(index)?.isDataStream ?? templates.find(index)?.data_stream !== undefined
  if (isDataStream && operation !== 'create')
    throw illegalArgument('only write ops with an op_type of create are allowed in data streams')
  if (!isDataStream && action.requireDataStream)
    throw new Refusal(404, {
      type: 'index_not_found_exception',
      reason: `no such index [${index}] and the index creation request requires a data stream, but no matching index template with data stream template was found for it`,
      index_uuid: '_na_',
      index,
    })
}

function store(index: Index, id: string, source: Buffer, major: number): Written {
  parseDocument(source, id, index, major)
  const [node] = parseJson(source).nodes
  const version = (index.documents.get(id)?.version ?? 0) + 1
  index.documents.set(id, {
    index: index.name,
    id,
    version,
    seqNo: index.nextSeqNo,
    source: node ? (plain(node) as Record<string, unknown>) : {},
  })
  return written(index, id, version, version === 1 ? 'created' : 'updated')
}

function update(action: BulkAction, id: string, index: Index, major: number): Written {
  const body = readUpdate(action.source)
  const current = index.documents.get(id)
  if (!current) {
    const first = body['doc_as_upsert'] === true ? body['doc'] : body['upsert']
    if (!isObject(first))
      throw new Refusal(404, {
        type: 'document_missing_exception',
        reason: `[${id}]: document missing`,
        index_uuid: index.uuid,
        shard: '0',
        index: index.concreteName,
      })
    return store(index, id, Buffer.from(print(first)), major)
  }
  const merged = merge(current.source, isObject(body['doc']) ? body['doc'] : {})
  if (print(merged) === print(current.source) && body['detect_noop'] !== false)
    return { ...written(index, id, current.version, 'noop'), _seq_no: current.seqNo }
  return store(index, id, Buffer.from(print(merged)), major)
}

const UPDATE_KEYS = new Set([
  'doc',
  'doc_as_upsert',
  'upsert',
  'detect_noop',
  '_source',
  'if_seq_no',
  'if_primary_term',
])

function readUpdate(source: Buffer): Record<string, unknown> {
  const [node] = parseJson(source).nodes
  const body = node ? plain(node) : undefined
  if (!isObject(body))
    throw refuse(400, 'x_content_parse_exception', '[1:1] [UpdateRequest] Expected START_OBJECT')
  if (body['script'] !== undefined || body['scripted_upsert'] !== undefined)
    throw illegalArgument('This stand-in does not model scripts')
  const unknown = Object.keys(body).find((key) => !UPDATE_KEYS.has(key))
  if (unknown !== undefined)
    throw refuse(400, 'x_content_parse_exception', `[1:1] [UpdateRequest] unknown field [${unknown}]`)
  if (body['doc'] === undefined && body['upsert'] === undefined)
    throw refuse(
      400,
      'action_request_validation_exception',
      'Validation Failed: 1: script or doc is missing;',
    )
  return body
}

function merge(into: Record<string, unknown>, from: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...into }
  for (const [key, value] of Object.entries(from)) {
    const known = merged[key]
    merged[key] = isObject(known) && isObject(value) ? merge(known, value) : value
  }
  return merged
}

function checkSeqNo({ ifSeqNo, ifPrimaryTerm }: BulkAction, id: string, index: Index): void {
  if (ifSeqNo === undefined) return
  const current = index.documents.get(id)
  if (current?.seqNo === ifSeqNo && (ifPrimaryTerm ?? 1) === 1) return
  const found = current
    ? `current document has seqNo [${current.seqNo}] and primary term [1]`
    : 'but no document was found'
  throw conflict(
    index,
    `[${id}]: version conflict, required seqNo [${ifSeqNo}], primary term [${ifPrimaryTerm ?? 0}]. ${found}`,
  )
}

function conflict(index: Index, reason: string): Refusal {
  return new Refusal(409, {
    type: 'version_conflict_engine_exception',
    reason,
    index_uuid: index.uuid,
    shard: '0',
    index: index.concreteName,
  })
}

const STATUS = { created: 201, updated: 200, deleted: 200, not_found: 404, noop: 200 } as const

function written(index: Index, id: string, version: number, result: Written['result']): Written {
  return {
    _index: index.concreteName,
    _id: id,
    _version: version,
    result,
    _seq_no: result === 'noop' ? index.nextSeqNo : index.nextSeqNo++,
    _primary_term: 1,
    status: STATUS[result],
  }
}
