import type { Socket } from 'node:net'
import type { SeriesTable } from './series.ts'

/**
 * A structured logger (pino's calling convention): one line with the message and the members of `fields`, an
 * Error under the key `err`. It throws nothing. Secrets in options are scrubbed, but log none.
 */
export interface Logger {
  /** For the plugin's author; not written unless the gateway's log level asks for it. */
  debug(message: string): void
  debug(fields: object, message: string): void
  /** What an operator may like to know; once per occurrence, not per message. */
  info(message: string): void
  info(fields: object, message: string): void
  /** What does not go as it should, while the session goes on. */
  warn(message: string): void
  warn(fields: object, message: string): void
  /** What was lost or cannot go on, with what to do about it. */
  error(message: string): void
  error(fields: object, message: string): void
}

/**
 * How a running session is. `degraded` works, but not as it should; `reason` is one sentence for an operator,
 * shown by the admin API, and never holds a secret.
 */
export type Health = { readonly state: 'ready' } | { readonly state: 'degraded'; readonly reason: string }

/** A number that only grows. */
export interface Counter {
  /**
   * Adds `by` (1 when left out) under the label values given. Throws when `by` is negative or infinite, or
   * when a label was not declared.
   */
  inc(by?: number, labels?: Readonly<Record<string, string>>): void
}

/** A number that goes both ways. */
export interface Gauge {
  /**
   * Puts `value`, in the unit that the gauge's name says, in the place of the one before under the label
   * values given. Throws when it is not a number or when a label was not declared.
   */
  set(value: number, labels?: Readonly<Record<string, string>>): void
}

/**
 * The gateway's own metrics, on its admin listener. Names are prefixed `smart_gateway_`, the label
 * `component` is the instance's name; values outlive the generation. Asking twice for a name gives the same
 * metric.
 */
export interface Metrics {
  /**
   * `name` in snake case, ending in `_total`; `help` is one sentence. Throws when the name exists with other
   * labels (or these in another order) or another type, when a name is not one that Prometheus admits, or
   * when `help` is empty.
   */
  counter(name: string, help: string, labelNames?: readonly string[]): Counter
  /** `name` in snake case with its unit, for example `series` or `lag_seconds`. Throws as `counter` does. */
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge
}

/** Where an HTTP handler is to be reached. */
export interface HttpRoute {
  /** Address of this machine, or a name for one, to listen on: `127.0.0.1`, `::`. */
  readonly host: string
  /** TCP port; 0 takes a free one, which all routes of the instance on that host share. */
  readonly port: number
  /** Exact path, beginning with `/`. */
  readonly path: string
}

/** A handler's place on a host-owned listener. */
export interface HttpService {
  /** The URL that reaches the handler, with the port that was bound. */
  readonly url: string
  /**
   * Takes the handler away; the listener closes with its last handler. Calling it twice is fine. The host
   * does it when the session has stopped.
   */
  close(): Promise<void>
}

/** HTTP listeners that the host owns: one per address, shared by paths, bound through every swap. */
export interface HttpHost {
  /**
   * Serves a fetch-style handler. It goes live when its generation does; until then the generation before it
   * answers, or 503 when there is none. A handler that throws answers 500. The request's signal aborts when
   * the client goes away. Rejects with code `SG_PORT_IN_USE` or `SG_PORT_REFUSED` when the address cannot be
   * bound, `SG_ROUTE_TAKEN` when that path is served already.
   */
  serve(route: HttpRoute, handler: (request: Request) => Response | Promise<Response>): Promise<HttpService>
}

/** Where a TCP or UDP socket is to be bound. */
export interface SocketPlace {
  /** Address of this machine, or a name for one, to listen on: `127.0.0.1`, `::`. */
  readonly host: string
  /** Port; 0 takes a free one. */
  readonly port: number
  /** UDP only: the kernel's receive buffer in bytes; the system's default when absent. */
  readonly receiveBufferBytes?: number
}

/** A bound socket, as one generation sees it. */
export interface SocketService {
  /** `host:port`, with the port that was bound; an IPv6 host in brackets. */
  readonly address: string
  /** The port that was bound. */
  readonly port: number
  /** UDP only: the receive buffer in bytes that the kernel granted. */
  readonly receiveBufferBytes?: number
  /**
   * Takes the handler away; the socket is closed with its last handler. Connections that were handed out
   * stay, they are the plugin's to end. Calling it twice is fine. The host does it when the session has
   * stopped.
   */
  close(): Promise<void>
}

/** Who sent a datagram. */
export interface Sender {
  /** Its IP address. */
  readonly address: string
  /** Its port. */
  readonly port: number
}

/**
 * TCP and UDP sockets that the host owns: bound through every swap, so that no connection is refused and no
 * datagram is lost while code changes. A handler goes live when its generation does; until then the generation
 * before it is handed what comes, or it waits (1,000 connections or datagrams at most) when there is none.
 * What a handler throws is logged. Rejects with code `SG_PORT_IN_USE` or `SG_PORT_REFUSED` when the address
 * cannot be bound, or is another instance's.
 */
export interface SocketHost {
  /**
   * Listens for TCP connections; each is handed to `accept` paused, and is the plugin's to end. An error on
   * it that nobody listens to ends nothing else.
   */
  tcp(place: SocketPlace, accept: (socket: Socket) => void): Promise<SocketService>
  /** Receives datagrams; `receive` owns the bytes it is given. */
  udp(place: SocketPlace, receive: (datagram: Buffer, sender: Sender) => void): Promise<SocketService>
}

/** What the host lends to one generation of an instance. */
export interface Context<O = unknown> {
  /** The instance's name in startup.yaml. */
  readonly name: string
  /** The validated options, defaults filled in. Frozen. */
  readonly options: O
  /** The instance's logger: its lines carry the instance's name and the generation's number. */
  readonly log: Logger
  /** Aborted = leave now. It ends every wait in `open`. */
  readonly signal: AbortSignal
  /**
   * HTTP listeners that stay bound through a swap; what this generation serves is taken back when it stops.
   */
  readonly http: HttpHost
  /** TCP and UDP sockets that stay bound through a swap; taken back as `http` is. */
  readonly sockets: SocketHost
  /** Metrics under the instance's name. */
  readonly metrics: Metrics
  /**
   * The absolute form of a path in the options: relative ones are meant from startup.yaml's folder. No I/O.
   */
  resolvePath(path: string): string
  /**
   * The absolute path of a folder of this instance's own that outlives generations and restarts. It is made
   * on the first call; rejects with the system's error when it cannot be made.
   */
  stateFolder(): Promise<string>
  /**
   * Tells the host that this session cannot go on (its connection is gone, say). The host stops the session
   * and opens a new one with backoff, `retryAfter` of the error being the least wait: a plugin writes no
   * reconnect loop of its own. Throws nothing; once the session was replaced or stopped it changes nothing.
   */
  fail(error: Error): void
}

/** What an input is lent beside that. */
export interface InputContext<O = unknown> extends Context<O> {
  /** The instance's interned series: `lookup` first, `intern` what it does not know. */
  readonly series: SeriesTable
}
