import type { Index, Indices, StoredDocument } from './indices.ts'
import { isObject } from './mapping.ts'
import { refuse } from './refusal.ts'

/** `GET /`. */
export function info(version: string): unknown {
  return {
    name: 'stand-in',
    cluster_name: 'stand-ins',
    cluster_uuid: 'c3RhbmQtaW4tY2x1c3Rlcg',
    version: {
      number: version,
      build_flavor: 'default',
      build_type: 'docker',
      build_hash: '0000000000000000000000000000000000000000',
      build_date: '2025-01-01T00:00:00.000000000Z',
      build_snapshot: false,
      lucene_version: '10.0.0',
      minimum_wire_compatibility_version: version,
      minimum_index_compatibility_version: version,
    },
    tagline: 'You Know, for Search',
  }
}

/** `GET /_cluster/health`: one node, so replicas stay unassigned. */
export function clusterHealth({ all }: Indices): unknown {
  return {
    cluster_name: 'stand-ins',
    status: all.size === 0 ? 'green' : 'yellow',
    timed_out: false,
    number_of_nodes: 1,
    number_of_data_nodes: 1,
    active_primary_shards: all.size,
    active_shards: all.size,
    relocating_shards: 0,
    initializing_shards: 0,
    unassigned_shards: all.size,
    delayed_unassigned_shards: 0,
    number_of_pending_tasks: 0,
    number_of_in_flight_fetch: 0,
    task_max_waiting_in_queue_millis: 0,
    active_shards_percent_as_number: all.size === 0 ? 100 : 50,
  }
}

export interface Hits {
  readonly took: number
  readonly timed_out: boolean
  readonly _shards: unknown
  readonly hits: {
    readonly total: { readonly value: number; readonly relation: 'eq' }
    readonly max_score: number | null
    readonly hits: readonly unknown[]
  }
}

/** `_search` with `match_all`, `ids` or `term`, `size` and `from`. Any other query is refused. */
export function search(indices: Indices, expression: string, body: Readonly<Record<string, unknown>>): Hits {
  const found = indices.resolve(expression)
  const wanted = matcher(body['query'] ?? { match_all: {} })
  const all = found.flatMap((index) =>
    [...index.documents.values()].filter(wanted).map((document) => hit(index, document)),
  )
  const from = Number(body['from'] ?? 0)
  return {
    took: 1,
    timed_out: false,
    _shards: { total: found.length, successful: found.length, skipped: 0, failed: 0 },
    hits: {
      total: { value: all.length, relation: 'eq' },
      max_score: all.length > 0 ? 1 : null,
      hits: all.slice(from, from + Number(body['size'] ?? 10)),
    },
  }
}

/** `GET /{index}/_doc/{id}`. */
export function showDocument(indices: Indices, name: string, id: string): { readonly found: boolean } {
  const [index] = indices.resolve(name)
  const document = index?.documents.get(id)
  if (!index || !document)
    return { _index: index?.concreteName ?? name, _id: id, found: false } as { found: false }
  return {
    _index: index.concreteName,
    _id: id,
    _version: document.version,
    _seq_no: document.seqNo,
    _primary_term: 1,
    found: true,
    _source: document.source,
  } as { found: true }
}

function hit(index: Index, { id, source }: StoredDocument): unknown {
  return { _index: index.concreteName, _id: id, _score: 1, _source: source }
}

function matcher(query: unknown): (document: StoredDocument) => boolean {
  const [[kind, body] = []] = isObject(query) ? Object.entries(query) : []
  if (kind === 'match_all') return () => true
  if (kind === 'ids' && isObject(body) && Array.isArray(body['values'])) {
    const ids = new Set(body['values'].map(String))
    return ({ id }) => ids.has(id)
  }
  if (kind === 'term' && isObject(body)) {
    const [[field = '', wanted] = []] = Object.entries(body)
    const value = isObject(wanted) ? wanted['value'] : wanted
    return ({ source }) => String(at(source, field.replace(/\.keyword$/, '').split('.'))) === String(value)
  }
  throw refuse(400, 'parsing_exception', `unknown query [${kind ?? ''}]`)
}

function at(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value
  if (!isObject(value)) return undefined
  const joined = [name, ...rest].join('.')
  return Object.hasOwn(value, joined) ? value[joined] : at(value[name], rest)
}
