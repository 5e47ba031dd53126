import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { InputContext, SocketPlace, SocketService } from '@smart-gateway/sdk'
import { keepingLogger } from './log.ts'
import { InstanceMetrics } from './metrics.ts'
import type { Owner, Place } from './owner.ts'
import { Routes } from './routes.ts'
import { InstanceSeries } from './series-table.ts'
import { Sockets } from './sockets.ts'

/** What was lent to one generation. */
export interface Loan {
  readonly context: InputContext
  readonly failures: readonly Error[]
  /** Makes its handlers answer, those of now and those to come. */
  activate(): void
  /** Says: leave now. */
  abort(): void
  /** Ends its signal and takes its handlers away. */
  takeBack(): Promise<void>
}

/** A stand-in for the gateway that lends what the gateway lends, as strictly. One is made for each check. */
export class Host {
  readonly folder: string
  readonly lines: string[] = []
  readonly #routes = new Routes()
  readonly #sockets = new Sockets()
  readonly #metrics = new Map<string, InstanceMetrics>()
  readonly #series = new Map<string, InstanceSeries>()

  /** `folder` is where relative paths are meant. */
  constructor(folder: string) {
    this.folder = folder
  }

  /** All that the plugin has said: lines of the log, and what stands in its metrics. */
  get said(): readonly string[] {
    return [...this.lines, ...[...this.#metrics.values()].flatMap(({ texts }) => [...texts])]
  }

  /** The metrics that there are. */
  get metrics(): InstanceMetrics['named'] {
    return [...this.#metrics.values()].flatMap(({ named }) => named)
  }

  /** How often a metric was counted up or set. */
  get counted(): number {
    return [...this.#metrics.values()].reduce((sum, { changes }) => sum + changes, 0)
  }

  /** Whether the plugin has said something to whoever came to what was lent to it. */
  get hasAnswered(): boolean {
    return this.#routes.hasAnswered || this.#sockets.hasAnswered
  }

  lend(owner: Owner, options: unknown): Loan {
    const leaving = new AbortController()
    const places = new Set<Place>()
    const failures: Error[] = []
    let live = false
    const hold = async (place: Place): Promise<{ close(): Promise<void> }> => {
      places.add(place)
      if (leaving.signal.aborted) await place.close()
      else if (live) place.activate()
      return {
        async close() {
          places.delete(place)
          await place.close()
        },
      }
    }
    const socket = async (
      protocol: 'tcp' | 'udp',
      place: SocketPlace,
      handler: (...item: never[]) => void,
    ): Promise<SocketService> => {
      const take = (item: readonly unknown[]): void => handler(...(item as never[]))
      const { bound, address, ...claim } = await this.#sockets.claim(protocol, place, owner, take)
      const { port, receiveBufferBytes } = bound
      return {
        address,
        port,
        ...(receiveBufferBytes !== undefined && { receiveBufferBytes }),
        ...(await hold(claim)),
      }
    }
    const context: InputContext = {
      name: owner.instance,
      options,
      log: keepingLogger(this.lines),
      signal: leaving.signal,
      series: of(this.#series, owner.instance, () => new InstanceSeries()).viewOf(owner.generation),
      metrics: of(this.#metrics, owner.instance, () => new InstanceMetrics()),
      fail: (error) => void failures.push(error),
      resolvePath: (path) => resolve(this.folder, path),
      stateFolder: async () => {
        const folder = join(this.folder, 'state', 'instances', owner.instance)
        await mkdir(folder, { recursive: true, mode: 0o700 })
        return folder
      },
      http: {
        serve: async (route, handler) => {
          const { url, ...place } = await this.#routes.claim(route, owner, handler)
          return { url, ...(await hold(place)) }
        },
      },
      sockets: {
        tcp: (place, accept) => socket('tcp', place, accept),
        udp: (place, receive) => socket('udp', place, receive),
      },
    }
    return {
      context,
      failures,
      activate() {
        live = true
        for (const place of places) place.activate()
      },
      abort: () => leaving.abort(),
      async takeBack() {
        leaving.abort()
        await Promise.all([...places].map((place) => place.close()))
        places.clear()
      },
    }
  }
}

/** With which a socket is refused to a thread. */
export function noSockets(): Error {
  const message = 'a socket cannot be lent to a thread: set `isolation: inline` for this instance'
  return Object.assign(new Error(message), { code: 'SG_PORT_REFUSED', retryable: true })
}

function of<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
