import { clusterHealth, info, search, showDocument } from './reading.ts'
import { jsonBody, ok } from './router.ts'
import type { Route } from './router.ts'

const SEARCH_PARAMETERS =
  'allow_no_indices expand_wildcards from ignore_unavailable rest_total_hits_as_int size track_total_hits typed_keys'.split(
    ' ',
  )

export const readRoutes: readonly Route[] = [
  { methods: ['GET'], path: /^\/$/, handle: ({ cluster }) => ok(info(cluster.version)) },
  {
    methods: ['GET'],
    path: /^\/_cluster\/health(?:\/[^/]+)?$/,
    parameters: ['level', 'local', 'master_timeout', 'timeout', 'wait_for_status'],
    handle: ({ cluster }) => ok(clusterHealth(cluster.indices)),
  },
  {
    methods: ['GET', 'POST'],
    path: /^(?:\/([^/_][^/]*))?\/_search$/,
    parameters: SEARCH_PARAMETERS,
    handle: (request) =>
      ok(
        search(request.cluster.indices, request.names[0] ?? '_all', {
          ...Object.fromEntries(request.call.query),
          ...jsonBody(request),
        }),
      ),
  },
  {
    methods: ['GET', 'POST'],
    path: /^(?:\/([^/_][^/]*))?\/_count$/,
    parameters: SEARCH_PARAMETERS,
    handle(request) {
      const { hits } = search(request.cluster.indices, request.names[0] ?? '_all', jsonBody(request))
      return ok({ count: hits.total.value, _shards: { total: 1, successful: 1, skipped: 0, failed: 0 } })
    },
  },
  {
    methods: ['GET'],
    path: /^\/([^/_][^/]*)\/_doc\/([^/]+)$/,
    parameters: ['realtime', 'refresh', 'routing'],
    handle({ cluster, names: [name = '', id = ''] }) {
      const body = showDocument(cluster.indices, name, id)
      return { status: body.found ? 200 : 404, body }
    },
  },
]
