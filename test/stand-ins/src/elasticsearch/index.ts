import { constants, gzipSync } from 'node:zlib'
import { faultRules } from '../faults.ts'
import type { ActiveFault, Fault } from '../faults.ts'
import { serve } from '../server.ts'
import type { Answer, Call, RequestLogEntry, TlsOptions } from '../server.ts'
import type { BulkItem } from './bulk-answer.ts'
import { BodyTooLarge, decompress } from './compression.ts'
import { filterPath } from './filter-path.ts'
import { matches } from './index-name.ts'
import { indices } from './indices.ts'
import type { Index, StoredDocument } from './indices.ts'
import { print } from '../json.ts'
import { checkMediaTypes, NotAcceptable } from './media-type.ts'
import type { MediaTypes } from './media-type.ts'
import { errorBody, plainError, Refusal, refuse } from './refusal.ts'
import { dispatch, MethodNotAllowed, NoHandler, uriOf } from './router.ts'
import type { Cluster } from './router.ts'
import { ROUTES } from './routes.ts'
import { CHALLENGES, checkCredentials } from './security.ts'
import type { AuthOptions } from './security.ts'
import { indexTemplates } from './templates.ts'
import type { IndexTemplate } from './templates.ts'
import { writer } from './write.ts'

export type {
  ActiveFault,
  AuthOptions,
  BulkItem,
  Fault,
  Index,
  IndexTemplate,
  RequestLogEntry,
  StoredDocument,
  TlsOptions,
}

export interface ElasticsearchOptions {
  /** The version to behave as; its major decides media types and wording. Default: 8.19.0. */
  readonly version?: `${7 | 8 | 9}.${number}.${number}`
  /** Default: 0, a free one. */
  readonly port?: number
  /** Default: security is off. */
  readonly auth?: AuthOptions
  /** Default: off. */
  readonly tls?: TlsOptions
  /** `http.max_content_length` in bytes. Default: 100 MiB. */
  readonly maxContentLength?: number
}

/** A running stand-in for one Elasticsearch cluster, on 127.0.0.1. */
export interface Elasticsearch {
  /** Without a path and without a slash at the end. */
  readonly url: string
  readonly port: number
  /** All requests so far, in the order of arrival. */
  readonly requests: readonly RequestLogEntry[]
  /** Indices and data streams by the name that is written to. */
  readonly indices: ReadonlyMap<string, Index>
  /** Index templates by name, the built-in `logs` and `metrics` among them. */
  readonly templates: ReadonlyMap<string, IndexTemplate>
  /** What is stored, in the order of the first writes; of one index, or of those that a pattern with `*` covers. */
  documents(index?: string): StoredDocument[]
  /** Misbehaves from the next request on. Rules are tried in the order in which they were given. */
  fail(fault: Fault<BulkItem>): ActiveFault
  /** Ends every connection. Calling it twice is fine. */
  close(): Promise<void>
}

/** Starts a stand-in with an empty store. Rejects when the port is taken. */
export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<Elasticsearch> {
  const { version = '8.19.0', port = 0, auth, tls, maxContentLength = 100 * 1024 * 1024 } = options
  const major = Number.parseInt(version)
  const templates = indexTemplates(major)
  const store = indices(templates)
  const cluster: Cluster = {
    version,
    major,
    indices: store,
    templates,
    writer: writer(store, templates, major),
  }
  const faults = faultRules<BulkItem>(/\/_bulk$/)
  const server = await serve<BulkItem>({
    port,
    tls,
    faults,
    headers: { 'X-Elastic-Product': 'Elasticsearch' },
    answer: (call) => answer(cluster, call, auth, maxContentLength),
    errorBody: (reason) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: errorBody(refuse(500, 'stand_in_exception', reason)),
    }),
  })

  return {
    url: server.url,
    port: server.port,
    requests: server.requests,
    indices: store.all,
    templates,
    documents: (name = '*') =>
      [...store.all.values()]
        .filter((index) => matches(name, index.name) || index.concreteName === name)
        .flatMap(({ documents }) => [...documents.values()]),
    fail: (fault) => faults.add(fault),
    close: server.close,
  }
}

function answer(
  cluster: Cluster,
  call: Call<BulkItem>,
  auth: AuthOptions | undefined,
  maxContentLength: number,
): Answer {
  let types: MediaTypes = {
    answer: cluster.major >= 8 ? 'application/json' : 'application/json; charset=UTF-8',
  }
  try {
    const body = decompress(call.body, call.headers['content-encoding'], maxContentLength)
    if (auth) checkCredentials(auth, call.headers, uriOf(call))
    types = checkMediaTypes(call.headers, body.length > 0, cluster.major)
    const { status, body: value } = dispatch(ROUTES, cluster, call, body)
    const paths = call.query.get('filter_path')
    return reply(call, status, print(paths === null ? value : filterPath(value, paths)), types)
  } catch (error) {
    if (error instanceof BodyTooLarge) return { status: 413 }
    if (error instanceof Refusal) {
      const challenge = error.status === 401 ? { 'WWW-Authenticate': CHALLENGES } : {}
      return reply(call, error.status, errorBody(error), types, challenge)
    }
    if (error instanceof NotAcceptable) return reply(call, 406, plainError(406, error.message), types)
    if (error instanceof MethodNotAllowed)
      return reply(call, 405, plainError(405, error.message), types, { allow: error.allowed })
    if (error instanceof NoHandler) return reply(call, 400, JSON.stringify({ error: error.message }), types)
    throw error
  }
}

function reply(
  call: Call<BulkItem>,
  status: number,
  body: string,
  types: MediaTypes,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): Answer {
  const type = { 'content-type': types.answer, ...headers }
  if (!/\bgzip\b/.test(String(call.headers['accept-encoding'] ?? ''))) return { status, headers: type, body }
  return {
    status,
    headers: { ...type, 'content-encoding': 'gzip' },
    body: gzipSync(body, { level: constants.Z_BEST_SPEED }),
  }
}
