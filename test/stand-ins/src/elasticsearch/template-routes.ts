import { illegalArgument, refuse } from './refusal.ts'
import type { Refusal } from './refusal.ts'
import { jsonBody, ok } from './router.ts'
import type { Request, Route, RouteAnswer } from './router.ts'

export const templateRoutes: readonly Route[] = [
  {
    methods: ['PUT', 'POST'],
    path: /^\/_index_template\/([^/]+)$/,
    parameters: ['master_timeout', 'create', 'cause'],
    handle: putTemplate,
  },
  {
    methods: ['GET'],
    path: /^\/_index_template(?:\/([^/]+))?$/,
    parameters: ['master_timeout', 'flat_settings', 'local', 'include_defaults'],
    handle: getTemplates,
  },
  {
    methods: ['DELETE'],
    path: /^\/_index_template\/([^/]+)$/,
    parameters: ['master_timeout', 'timeout'],
    handle: deleteTemplate,
  },
]

function putTemplate(request: Request): RouteAnswer {
  const { cluster, call, body, names } = request
  const [name = ''] = names
  if (body.length === 0) throw refuse(400, 'parse_exception', 'request body is required')
  if (call.query.get('create') === 'true' && cluster.templates.has(name))
    throw illegalArgument(`index template [${name}] already exists`)
  cluster.templates.put(name, jsonBody(request))
  return ok({ acknowledged: true })
}

function getTemplates({ cluster, names: [name] }: Request): RouteAnswer {
  const found = [...cluster.templates].filter(([key]) => name === undefined || key === name)
  if (name !== undefined && found.length === 0) throw missing(name)
  return ok({ index_templates: found.map(([name, { body }]) => ({ name, index_template: body })) })
}

function deleteTemplate({ cluster, names: [name = ''] }: Request): RouteAnswer {
  if (!cluster.templates.delete(name)) throw missing(name)
  return ok({ acknowledged: true })
}

const missing = (name: string): Refusal =>
  refuse(404, 'resource_not_found_exception', `index template matching [${name}] not found`)
