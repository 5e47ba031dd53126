import { resolve } from 'node:path'
import type { HttpRoute, InputContext, Logger } from '@smart-gateway/sdk'
import { boundedLog } from '../bounded-log.ts'
import { GatewayError } from '../errors.ts'
import type { Channel } from './channel.ts'
import { toCloneable } from './fault.ts'
import type { Fault } from './fault.ts'
import { packResponse, unpackRequest } from './http-crossing.ts'
import type { PackedRequest, PackedResponse } from './http-crossing.ts'
import type { LogLine } from './protocol.ts'
import type { SeriesCopy } from './series-copy.ts'
import { ThreadMetrics } from './thread-metrics.ts'

/** What a thread is told of the generation that it runs. */
export interface Lent {
  readonly name: string
  readonly options: unknown
  /** The folder from which relative paths are meant. */
  readonly folder: string
}

type RequestHandler = (request: Request) => Response | Promise<Response>

/** The context of a plugin in a thread: what the host lends, asked for over the channel. */
export class ThreadContext {
  readonly context: InputContext
  readonly #metrics: ThreadMetrics
  readonly #leaving = new AbortController()
  readonly #handlers = new Map<number, RequestHandler>()
  readonly #requests = new Map<number, AbortController>()

  constructor(lent: Lent, channel: Channel, series: SeriesCopy) {
    const { name, options, folder } = lent
    this.#metrics = new ThreadMetrics(channel)
    let routes = 0
    let hasFailed = false
    this.context = {
      name,
      options: deepFreeze(options),
      log: boundedLog(loggerOf(channel)),
      signal: this.#leaving.signal,
      metrics: this.#metrics.metrics,
      series: series.table,
      http: {
        serve: async (route: HttpRoute, handler: RequestHandler) => {
          const id = ++routes
          this.#handlers.set(id, handler)
          const url = await channel.ask<string>('serve', { id, route })
          const close = async (): Promise<void> => {
            this.#handlers.delete(id)
            await channel.ask('unserve', id)
          }
          return { url, close }
        },
      },
      sockets: { tcp: noSockets, udp: noSockets },
      resolvePath: (path) => resolve(folder, path),
      stateFolder: () => channel.ask<string>('stateFolder', undefined),
      fail: (error) => {
        // Once is enough, and more would only bury the host.
        if (!hasFailed) channel.tell('fail', toCloneable(error))
        hasFailed = true
      },
    }
  }

  /** Says that nobody wants the session any more. */
  leave(): void {
    this.#leaving.abort()
  }

  /** Tells the host what was measured: the thread is about to end. */
  tellMetrics(): void {
    this.#metrics.tell()
  }

  /** Answers a request that came to a route. */
  async answer({
    id,
    route,
    request,
  }: {
    id: number
    route: number
    request: PackedRequest
  }): Promise<PackedResponse> {
    const handler = this.#handlers.get(route)
    if (handler === undefined)
      return await packResponse(new Response('not served any more\n', { status: 503 }))
    const gone = new AbortController()
    this.#requests.set(id, gone)
    try {
      return await packResponse(await handler(unpackRequest(request, gone.signal)))
    } finally {
      this.#requests.delete(id)
    }
  }

  /** Says that whoever sent a request is gone. */
  forget(id: number): void {
    this.#requests.get(id)?.abort()
  }
}

function noSockets(): Promise<never> {
  const message = 'a socket cannot be lent to a thread: set `isolation: inline` for this instance'
  return Promise.reject(new GatewayError('SG_PORT_REFUSED', message))
}

type Level = 'debug' | 'info' | 'warn' | 'error'

function loggerOf(channel: Channel): Logger {
  const at =
    (level: Level) =>
    (first: object | string, message?: string): void => {
      const line = typeof first === 'string' ? { fields: {}, faults: {} } : cloneable(first)
      channel.tell('log', { level, ...line, message: typeof first === 'string' ? first : String(message) })
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as Logger
}

/** The members of a log line as they can cross; what cannot is told as text. */
function cloneable(members: object): Pick<LogLine, 'fields' | 'faults'> {
  const fields: Record<string, unknown> = {}
  const faults: Record<string, Fault> = {}
  for (const [key, value] of Object.entries(members)) {
    if (value instanceof Error) faults[key] = toCloneable(value)
    else fields[key] = copyOf(value)
  }
  return { fields, faults }
}

function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch {
    return String(value)
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item)
    Object.freeze(value)
  }
  return value
}
