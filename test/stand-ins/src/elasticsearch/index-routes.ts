import type { Index } from './indices.ts'
import { isObject, showField } from './mapping.ts'
import { refuse } from './refusal.ts'
import { jsonBody, ok } from './router.ts'
import type { Request, Route, RouteAnswer } from './router.ts'

const PARAMETERS =
  'allow_no_indices expand_wildcards flat_settings ignore_unavailable local master_timeout timeout wait_for_active_shards'.split(
    ' ',
  )

export const indexRoutes: readonly Route[] = [
  {
    methods: ['GET', 'POST'],
    path: /^(?:\/([^/_][^/]*))?\/_refresh$/,
    parameters: PARAMETERS,
    handle: refresh,
  },
  {
    methods: ['GET'],
    path: /^\/([^/_][^/]*)\/_mapping$/,
    parameters: PARAMETERS,
    handle: (request) => ok(show(request, ({ mapping }) => ({ mappings: showField(mapping.root) }))),
  },
  { methods: ['PUT'], path: /^\/([^/_][^/]*)$/, parameters: PARAMETERS, handle: createIndex },
  {
    methods: ['GET'],
    path: /^\/([^/_][^/]*)$/,
    parameters: PARAMETERS,
    handle: (request) =>
      ok(
        show(request, ({ mapping, uuid }) => ({
          aliases: {},
          mappings: showField(mapping.root),
          settings: { index: { uuid } },
        })),
      ),
  },
  { methods: ['DELETE'], path: /^\/([^/_][^/]*)$/, parameters: PARAMETERS, handle: deleteIndices },
]

function refresh({ cluster, names: [name] }: Request): RouteAnswer {
  if (name !== undefined) cluster.indices.resolve(name)
  return ok({ _shards: { total: 2, successful: 1, failed: 0 } })
}

function show({ cluster, names: [name = ''] }: Request, body: (index: Index) => unknown): unknown {
  return Object.fromEntries(cluster.indices.resolve(name).map((index) => [index.concreteName, body(index)]))
}

function createIndex(request: Request): RouteAnswer {
  const [name = ''] = request.names
  const { settings = {}, mappings = {}, aliases: _, ...rest } = jsonBody(request)
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw refuse(400, 'parse_exception', `unknown key [${unknown}] for create index`)
  if (!isObject(settings)) throw refuse(400, 'parse_exception', 'key [settings] must be an object')
  if (!isObject(mappings)) throw refuse(400, 'parse_exception', 'key [mappings] must be an object')
  request.cluster.indices.create(name, { settings, mappings })
  return ok({ acknowledged: true, shards_acknowledged: true, index: name })
}

function deleteIndices({ cluster, names: [name = ''] }: Request): RouteAnswer {
  for (const index of cluster.indices.resolve(name)) cluster.indices.delete(index.name)
  return ok({ acknowledged: true })
}
