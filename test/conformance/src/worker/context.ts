import { resolve } from 'node:path'
import type { HttpRoute, InputContext, Logger, Metrics, SeriesTable } from '@smart-gateway/sdk'
import { noSockets } from '../host/host.ts'
import { deepFreeze } from '../subject/deep-freeze.ts'
import type { Channel } from './channel.ts'
import { toFault } from './fault.ts'
import { packResponse, unpackRequest } from './http-crossing.ts'
import type { PackedRequest, PackedResponse } from './http-crossing.ts'
import type { Lent, LogLine } from './protocol.ts'

type RequestHandler = (request: Request) => Response | Promise<Response>

/** A request for a route that is served in the thread. */
export interface Asked {
  readonly id: number
  readonly route: number
  readonly request: PackedRequest
}

/** The context of a plugin in a thread: what the host lends, asked for over the channel. */
export class ThreadContext {
  readonly context: InputContext
  readonly #leaving = new AbortController()
  readonly #handlers = new Map<number, RequestHandler>()
  readonly #requests = new Map<number, AbortController>()

  constructor({ instance, options, folder }: Lent, channel: Channel, series: SeriesTable) {
    let routes = 0
    this.context = {
      name: instance,
      options: deepFreeze(options),
      log: loggerOf(channel),
      signal: this.#leaving.signal,
      metrics: metricsOf(channel),
      series,
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
      sockets: { tcp: () => Promise.reject(noSockets()), udp: () => Promise.reject(noSockets()) },
      resolvePath: (path) => resolve(folder, path),
      stateFolder: () => channel.ask<string>('stateFolder'),
      fail: (error) => channel.tell('fail', toFault(error)),
    }
  }

  /** Says that nobody wants the session any more. */
  leave(): void {
    this.#leaving.abort()
  }

  /** Answers a request that came to a route. */
  async answer({ id, route, request }: Asked): Promise<PackedResponse> {
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

function loggerOf(channel: Channel): Logger {
  const at =
    (level: LogLine['level']) =>
    (first: object | string, message?: string): void => {
      const fields = typeof first === 'string' ? {} : cloneable(first)
      const line: LogLine = { level, fields, message: typeof first === 'string' ? first : String(message) }
      channel.tell('log', line)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as Logger
}

/** The members of a log line that can cross; what cannot is told as text. */
function cloneable(fields: object): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]): [string, unknown] => {
    try {
      return [key, value instanceof Error ? toFault(value) : structuredClone(value)]
    } catch {
      return [key, String(value)]
    }
  })
  return Object.fromEntries(entries)
}

function metricsOf(channel: Channel): Metrics {
  return {
    counter(name, help, labelNames = []) {
      channel.tell('metric', { type: 'counter', name, help, labelNames })
      return {
        inc(value = 1, labels = {}) {
          if (!(value >= 0 && value < Infinity)) throw new Error(`a counter cannot grow by ${value}`)
          channel.tell('metric', { type: 'counter', name, help, labelNames, value, labels })
        },
      }
    },
    gauge(name, help, labelNames = []) {
      channel.tell('metric', { type: 'gauge', name, help, labelNames })
      return {
        set(value, labels = {}) {
          if (typeof value !== 'number') throw new Error(`a gauge takes a number, not ${typeof value}`)
          channel.tell('metric', { type: 'gauge', name, help, labelNames, value, labels })
        },
      }
    },
  }
}
