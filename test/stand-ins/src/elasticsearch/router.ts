import { JsonError, parseJson, place, plain } from '../json.ts'
import type { Call } from '../server.ts'
import type { BulkItem } from './bulk-answer.ts'
import type { Indices } from './indices.ts'
import { isObject } from './mapping.ts'
import { illegalArgument, refuse } from './refusal.ts'
import type { Templates } from './templates.ts'
import type { Writer } from './write.ts'

/** What the routes work on. */
export interface Cluster {
  readonly version: string
  readonly major: number
  readonly indices: Indices
  readonly templates: Templates
  readonly writer: Writer
}

export interface Route {
  /** GET stands for HEAD too. */
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[]
  readonly path: RegExp
  /** Query parameters that it knows, besides those that every route knows. */
  readonly parameters?: readonly string[]
  handle(request: Request): RouteAnswer
}

export interface Request {
  readonly cluster: Cluster
  readonly call: Call<BulkItem>
  /** Decompressed. */
  readonly body: Buffer
  /** What the path's groups caught; undefined for a group that is not there. */
  readonly names: readonly (string | undefined)[]
}

export interface RouteAnswer {
  readonly status: number
  readonly body: unknown
}

/** Hands a request to its route. Throws the refusal when there is none, or none for the method. */
export function dispatch(
  routes: readonly Route[],
  cluster: Cluster,
  call: Call<BulkItem>,
  body: Buffer,
): RouteAnswer {
  const method = call.method === 'HEAD' ? 'GET' : call.method
  const allowed: string[] = []
  for (const { methods, path, parameters = [], handle } of routes) {
    const found = path.exec(call.path)
    if (!found) continue
    if (methods.some((known) => known === method)) {
      checkParameters(call, parameters)
      return handle({ cluster, call, body, names: found.slice(1).map(decode) })
    }
    allowed.push(...methods)
  }
  const uri = uriOf(call)
  throw allowed.length > 0 ? new MethodNotAllowed(uri, call.method, allowed) : new NoHandler(uri, call.method)
}

/** Answered with one sentence and the `Allow` header. */
export class MethodNotAllowed extends Error {
  readonly allowed: string

  constructor(uri: string, method: string, allowed: readonly string[]) {
    super(`Incorrect HTTP method for uri [${uri}] and method [${method}], allowed: [${allowed.join(', ')}]`)
    this.allowed = allowed.join(',')
  }
}

/** Answered with one sentence. */
export class NoHandler extends Error {
  constructor(uri: string, method: string) {
    super(`no handler found for uri [${uri}] and method [${method}]`)
  }
}

export const ok = (body: unknown): RouteAnswer => ({ status: 200, body })

/** The body as one JSON object; an absent body is an empty one. */
export function jsonBody({ body }: Request): Record<string, unknown> {
  if (body.length === 0) return {}
  try {
    const [node] = parseJson(body).nodes
    const value = node ? plain(node) : {}
    if (isObject(value)) return value
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw refuse(400, 'x_content_parse_exception', `${place(body.toString(), error.at)} ${error.message}`)
  }
  throw refuse(400, 'parsing_exception', 'Expected [START_OBJECT]')
}

export const uriOf = ({ path, query }: Call<BulkItem>): string => (query.size > 0 ? `${path}?${query}` : path)

const COMMON_PARAMETERS = new Set(['pretty', 'human', 'error_trace', 'filter_path', 'format'])

function checkParameters({ query, path }: Call<BulkItem>, known: readonly string[]): void {
  const unknown = [...new Set(query.keys())].filter(
    (key) => !known.includes(key) && !COMMON_PARAMETERS.has(key),
  )
  if (unknown.length === 0) return
  const listed = unknown.map((key) => `[${key}]`).join(', ')
  throw illegalArgument(
    `request [${path}] contains unrecognized parameter${unknown.length > 1 ? 's' : ''}: ${listed}`,
  )
}

/** A group that did not take part is undefined, whatever the type of the match says. */
function decode(name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  try {
    return decodeURIComponent(name)
  } catch {
    throw illegalArgument(`unterminated escape sequence at end of string: ${name}`)
  }
}
