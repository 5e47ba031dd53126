import { bulk } from './bulk-answer.ts'
import type { BulkAction } from './bulk.ts'
import { illegalArgument, refuse } from './refusal.ts'
import { ok } from './router.ts'
import type { Cluster, Request, Route, RouteAnswer } from './router.ts'
import { newId } from './write.ts'

const BULK_PARAMETERS =
  `_source _source_excludes _source_includes include_source_on_error list_executed_pipelines pipeline refresh
  require_alias require_data_stream routing timeout wait_for_active_shards`.split(/\s+/)
const DOCUMENT_PARAMETERS =
  'op_type pipeline refresh require_alias routing timeout wait_for_active_shards if_seq_no if_primary_term'.split(
    ' ',
  )

export const writeRoutes: readonly Route[] = [
  {
    methods: ['POST', 'PUT'],
    path: /^(?:\/([^/_][^/]*))?\/_bulk$/,
    parameters: BULK_PARAMETERS,
    handle: handleBulk,
  },
  {
    methods: ['PUT', 'POST'],
    path: /^\/([^/_][^/]*)\/_(doc|create)\/([^/]+)$/,
    parameters: DOCUMENT_PARAMETERS,
    handle: writeOne,
  },
  {
    methods: ['POST'],
    path: /^\/([^/_][^/]*)\/_(doc)$/,
    parameters: DOCUMENT_PARAMETERS,
    handle: writeOne,
  },
]

function handleBulk({ cluster, call, body, names: [index] }: Request): RouteAnswer {
  const pipeline = call.query.get('pipeline')
  const refresh = call.query.get('refresh') ?? 'false'
  if (!['true', 'false', 'wait_for', ''].includes(refresh))
    throw illegalArgument(`Unknown value for refresh: [${refresh}].`)
  const defaults = {
    ...(index === undefined ? {} : { index }),
    ...(pipeline === null ? {} : { pipeline }),
    requireAlias: flag(call.query.get('require_alias')),
    requireDataStream: flag(call.query.get('require_data_stream')),
  }
  return ok(bulk(body, defaults, cluster.writer, call.refuseItem, cluster.major))
}

const flag = (value: string | null): boolean => value === 'true' || value === ''

function writeOne({ cluster, call, body, names: [index = '', kind, given] }: Request): RouteAnswer {
  if (body.length === 0) throw refuse(400, 'parse_exception', 'request body is required')
  const creates =
    kind === 'create' ||
    call.query.get('op_type') === 'create' ||
    (given === undefined && isDataStream(cluster, index))
  const action: BulkAction = {
    operation: creates ? 'create' : 'index',
    index,
    requireAlias: false,
    requireDataStream: false,
    source: body,
    ...(given === undefined ? {} : { id: given }),
  }
  const { status, ...written } = cluster.writer.write(action, cluster.writer.target(action), given ?? newId())
  return { status, body: { ...written, _shards: { total: 2, successful: 1, failed: 0 } } }
}

const isDataStream = ({ indices, templates }: Cluster, index: string): boolean =>
  indices.all.get(index)?.isDataStream ?? templates.find(index)?.data_stream !== undefined
