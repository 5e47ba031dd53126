import { faultRules } from '../faults.ts'
import type { ActiveFault, Fault } from '../faults.ts'
import { serve } from '../server.ts'
import type { Answer, Call, RequestLogEntry, TlsOptions } from '../server.ts'
import { defaultLimits } from './limits.ts'
import type { LokiLimits } from './limits.ts'
import { push } from './push.ts'
import type { Ingestion, LokiItem } from './push.ts'
import { labelValues, queryRange } from './query.ts'
import { Refusal } from './refusal.ts'
import { store } from './store.ts'
import type { LokiEntry, LokiStream } from './store.ts'
import { tenantOf } from './tenant.ts'

export type { ActiveFault, Fault, LokiEntry, LokiItem, LokiLimits, LokiStream, RequestLogEntry, TlsOptions }

export interface LokiOptions {
  /** The release to behave as. Default: 3.x. */
  readonly version?: '2.8' | '3.x'
  /** Default: 0, a free one. */
  readonly port?: number
  /** `auth_enabled`: every request must name its tenant in X-Scope-OrgID. Default: off, the tenant is `fake`. */
  readonly multiTenant?: boolean
  /** Default: off. */
  readonly tls?: TlsOptions
  /** Limits that differ from the release's defaults. */
  readonly limits?: Partial<LokiLimits>
}

/** A running stand-in for one Loki in a single process, on 127.0.0.1. */
export interface Loki {
  /** Without a path and without a slash at the end. */
  readonly url: string
  readonly port: number
  /** All requests so far, in the order of arrival. */
  readonly requests: readonly RequestLogEntry[]
  /** The limits at work. */
  readonly limits: LokiLimits
  /** What is stored, of all tenants or of one. */
  streams(tenant?: string): LokiStream[]
  /** All stored lines with their labels, in the order of streams. */
  readonly entries: readonly (LokiEntry & Pick<LokiStream, 'labels' | 'tenant'>)[]
  /** Misbehaves from the next request on. Rules are tried in the order in which they were given. */
  fail(fault: Fault<LokiItem>): ActiveFault
  /** Ends every connection. Calling it twice is fine. */
  close(): Promise<void>
}

/** Starts a stand-in with an empty store. Rejects when the port is taken. */
export async function startLoki(options: LokiOptions = {}): Promise<Loki> {
  const { version = '3.x', port = 0, multiTenant = false, tls } = options
  const major = Number.parseInt(version)
  const limits = { ...defaultLimits(major), ...options.limits }
  const ingestion: Ingestion = { store: store(limits), limits, major }
  const faults = faultRules<LokiItem>(/\/push$/)
  const server = await serve<LokiItem>({
    port,
    tls,
    faults,
    headers: {},
    answer: (call) => answer(ingestion, call, multiTenant),
    errorBody: (reason) => json({ status: 'error', errorType: 'stand-in', error: reason }),
  })
  const streams = (tenant?: string): LokiStream[] =>
    [...ingestion.store.tenants.values()]
      .filter(({ name }) => tenant === undefined || tenant === name)
      .flatMap((tenant) => [...tenant.streams.values()])
      .filter(({ entries }) => entries.length > 0)
      .map(({ tenant, labels, entries }) => ({
        tenant,
        labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
        entries: [...entries],
      }))

  return {
    url: server.url,
    port: server.port,
    requests: server.requests,
    limits,
    streams,
    get entries() {
      return streams().flatMap(({ tenant, labels, entries }) =>
        entries.map((entry) => ({ ...entry, labels, tenant })),
      )
    },
    fail: (fault) => faults.add(fault),
    close: server.close,
  }
}

function answer(ingestion: Ingestion, call: Call<LokiItem>, multiTenant: boolean): Answer {
  try {
    return route(ingestion, call, multiTenant)
  } catch (error) {
    if (error instanceof Refusal) return text(error.status, error.message)
    throw error
  }
}

function route(ingestion: Ingestion, call: Call<LokiItem>, multiTenant: boolean): Answer {
  const { path, method, query } = call
  const methods = path === PUSH ? ['POST'] : path === '/ready' ? ['GET', 'HEAD'] : ['GET', 'POST', 'HEAD']
  const values = /^\/loki\/api\/v1\/label\/([^/]+)\/values$/.exec(path)?.[1]
  if (!PATHS.has(path) && values === undefined) return text(404, '404 page not found')
  if (!methods.includes(method)) return { status: 405 }
  if (path === '/ready')
    return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ready\n' }

  const tenantName = tenantOf(call.headers, multiTenant)
  if (path === PUSH) {
    push(ingestion, tenantName, call.headers, call.body, call.refuseItem)
    return { status: 204 }
  }
  const tenant = ingestion.store.tenants.get(tenantName)
  if (values !== undefined) return json(labelValues(tenant, decodeURIComponent(values)))
  return json(path === QUERY ? queryRange(tenant, query) : labelValues(tenant))
}

const PUSH = '/loki/api/v1/push'
const QUERY = '/loki/api/v1/query_range'
const PATHS = new Set([PUSH, QUERY, '/loki/api/v1/labels', '/ready'])

/** Go's http.Error. */
const text = (status: number, message: string): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body: `${message}\n`,
})

const json = (body: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=UTF-8' },
  body: JSON.stringify(body),
})
