import type { SeriesTable } from './series.ts'

/** A structured logger (pino's calling convention). Secrets in options are scrubbed, but log none. */
export interface Logger {
  debug(message: string): void
  debug(fields: object, message: string): void
  info(message: string): void
  info(fields: object, message: string): void
  warn(message: string): void
  warn(fields: object, message: string): void
  error(message: string): void
  error(fields: object, message: string): void
}

/** How a running session is. `degraded` works, but not as it should; `reason` is one sentence for an operator. */
export type Health = { readonly state: 'ready' } | { readonly state: 'degraded'; readonly reason: string }

/** A number that only grows. */
export interface Counter {
  /** Adds `by` (1 when left out; never negative) under the label values given. */
  inc(by?: number, labels?: Readonly<Record<string, string>>): void
}

/** A number that goes both ways. */
export interface Gauge {
  set(value: number, labels?: Readonly<Record<string, string>>): void
}

/**
 * The gateway's own metrics, on its admin listener. Names are prefixed `smart_gateway_`, the label `component` is the instance's
 * name; values outlive the generation. Asking twice for a name gives the same metric.
 */
export interface Metrics {
  /** `name` in snake case, ending in `_total`. Throws when the name exists with other labels or another type. */
  counter(name: string, help: string, labelNames?: readonly string[]): Counter
  /** `name` in snake case with its unit, for example `series` or `lag_seconds`. Throws as `counter` does. */
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge
}

/** Where an HTTP handler is to be reached. */
export interface HttpRoute {
  /** Address to listen on, for example `127.0.0.1` or `::`. */
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Exact path, beginning with `/`. */
  readonly path: string
}

/** A handler's place on a host-owned listener. */
export interface HttpService {
  /** The URL that reaches the handler, with the port that was bound. */
  readonly url: string
  /** Takes the handler away; the listener closes with its last handler. Calling it twice is fine. The host does it when the session stops. */
  close(): Promise<void>
}

/** HTTP listeners that the host owns: one per address, shared by paths, bound through every swap. */
export interface HttpHost {
  /**
   * Serves a fetch-style handler. The handler goes live when its generation does. The request's signal aborts when the client
   * goes away. Rejects with code `SG_PORT_IN_USE` or `SG_PORT_REFUSED` when the address cannot be bound, `SG_ROUTE_TAKEN` when
   * that path is served already.
   */
  serve(route: HttpRoute, handler: (request: Request) => Response | Promise<Response>): Promise<HttpService>
}

/** What the host lends to one generation of an instance. */
export interface Context<O = unknown> {
  /** The instance's name in startup.yaml. */
  readonly name: string
  /** The validated options, defaults filled in. Frozen. */
  readonly options: O
  readonly log: Logger
  /** Aborted = leave now. It ends every wait in `open`. */
  readonly signal: AbortSignal
  readonly http: HttpHost
  readonly metrics: Metrics
  /** The absolute form of a path in the options: relative ones are meant from the folder of startup.yaml. */
  resolvePath(path: string): string
  /** A folder of this instance's own that outlives generations and restarts; made on the first call. */
  stateFolder(): Promise<string>
  /**
   * Tells the host that this session cannot go on (its connection is gone, say). The host stops the session and opens a new
   * one with backoff: a plugin writes no reconnect loop of its own.
   */
  fail(error: Error): void
}

/** What an input is lent beside that. */
export interface InputContext<O = unknown> extends Context<O> {
  readonly series: SeriesTable
}
