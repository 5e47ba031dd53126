import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Fault, Faults, ItemFault } from './faults.ts'

/** TLS of a stand-in, in PEM. With `ca`, clients must show a certificate that it signed. */
export interface TlsOptions {
  readonly cert: string | Buffer
  readonly key: string | Buffer
  readonly ca?: string | Buffer
}

/** One request that arrived, in the order of arrival. */
export interface RequestLogEntry {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The body as it came over the wire. */
  readonly body: Buffer
  /** What was answered; absent while none was, and for good when the connection was cut. */
  status?: number
}

export interface Call<Item> extends RequestLogEntry {
  /** Set when a rule refuses items of this request. */
  readonly refuseItem: ItemFault<Item>['items']
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

export interface Server {
  readonly url: string
  readonly port: number
  readonly requests: RequestLogEntry[]
  close(): Promise<void>
}

export interface ServerOptions<Item> {
  readonly port: number
  readonly tls: TlsOptions | undefined
  readonly faults: Faults<Item>
  answer(call: Call<Item>): Answer
  /** The body of a 200 that holds an error. */
  errorBody(reason: string): Answer
  /** Headers that every answer has, misbehaving or not. */
  readonly headers: Readonly<Record<string, string>>
}

/** Serves on the loopback address: reads each request whole, lets the rules misbehave, logs what was answered. */
export async function serve<Item>(options: ServerOptions<Item>): Promise<Server> {
  const closing = new AbortController()
  const requests: RequestLogEntry[] = []
  const { tls } = options
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    handle(options, requests, request, response, closing.signal).catch(() => response.destroy())
  }
  const server = tls
    ? createHttps(
        tls.ca
          ? { ...tls, ca: tls.ca, requestCert: true, rejectUnauthorized: true }
          : { cert: tls.cert, key: tls.key },
        onRequest,
      )
    : createHttp(onRequest)
  server.keepAliveTimeout = IDLE_MS
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let closed: Promise<void> | undefined

  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      (closed ??= new Promise((resolve) => {
        closing.abort()
        server.close(() => resolve())
        server.closeAllConnections()
      })),
  }
}

/** Both real servers keep an idle connection for long: a client may rely on it. */
const IDLE_MS = 120_000

async function handle<Item>(
  options: ServerOptions<Item>,
  requests: RequestLogEntry[],
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const body = Buffer.concat(await request.toArray())
  const url = new URL(request.url ?? '/', 'http://stand-in')
  const entry: RequestLogEntry = {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body,
  }
  requests.push(entry)
  const fault = options.faults.take(url.pathname)
  if (fault?.delayMs !== undefined) await delay(fault.delayMs, undefined, { signal })

  if (isHangUp(fault) && fault.hangUp === 'before') return void request.socket.destroy()
  const answer =
    instead(fault, options.errorBody) ??
    options.answer({ ...entry, refuseItem: fault && 'items' in fault ? fault.items : () => undefined })
  if (isHangUp(fault)) {
    if (fault.hangUp === 'mid') request.socket.write(firstHalf(answer, options.headers))
    return void request.socket.destroySoon()
  }
  entry.status = answer.status
  response.writeHead(answer.status, { ...options.headers, ...answer.headers } as Record<string, string>)
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}

const isHangUp = (fault: Fault<never> | undefined): fault is Extract<Fault<never>, { hangUp: unknown }> =>
  fault !== undefined && 'hangUp' in fault

function instead<Item>(
  fault: Fault<Item> | undefined,
  errorBody: (reason: string) => Answer,
): Answer | undefined {
  if (!fault) return undefined
  if ('html' in fault) {
    return {
      status: fault.status ?? 502,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: fault.html,
    }
  }
  if ('redirect' in fault) return { status: fault.status ?? 307, headers: { location: fault.redirect } }
  if ('errorInside200' in fault) return errorBody(fault.errorInside200)
  if (!('status' in fault)) return undefined
  const { status, body, headers } = fault
  if (body === undefined) return { status, headers: headers ?? {} }
  return typeof body === 'string'
    ? { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body }
    : { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

/** Half of the body after a head that promises all of it; half of the head when there is no body. */
function firstHalf({ status, body = '', headers }: Answer, always: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries({ ...always, ...headers }).map(
    ([name, value]) => `${name}: ${String(value)}\r\n`,
  )
  const head = Buffer.from(
    `HTTP/1.1 ${status} Cut\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n`,
  )
  const rest = Buffer.from(body)
  return rest.length === 0
    ? head.subarray(0, head.length >> 1)
    : Buffer.concat([head, rest.subarray(0, rest.length >> 1)])
}
