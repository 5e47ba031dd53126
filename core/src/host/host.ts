import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Context, SocketService } from '@smart-gateway/sdk'
import { boundedLog } from '../bounded-log.ts'
import type { Scrubber } from '../config/secrets.ts'
import type { DeadLetterBox } from '../dead-letters/dead-letter-box.ts'
import type { Codes } from '../plugins/codes.ts'
import type { InlineCode } from '../plugins/inline-code.ts'
import { metricsOf } from './plugin-metrics.ts'
import type { Owner, Place, Routes } from './routes.ts'
import type { BoundSocket } from './socket.ts'
import type { SocketClaim, Sockets } from './sockets.ts'

/** What the host has to lend. */
export interface Host {
  readonly log: Logger
  /** Hides secrets in what is shown; it learns more of them as plugins are loaded. */
  readonly scrubber: Scrubber
  readonly metrics: Registry
  readonly routes: Routes
  readonly sockets: Sockets
  /** Keeps what cannot be delivered. */
  readonly deadLetters: DeadLetterBox
  /** The code of plugins, each generation's in a folder of its own. */
  readonly codes: Codes
  /** What of it was imported into this process. */
  readonly inlineCode: InlineCode
  /** The folder from which relative paths in options are meant. */
  readonly folder: string
  /** The one folder that the gateway writes. */
  readonly stateFolder: string
}

/** What was lent to one generation, so that it can be made live together and taken back together. */
export interface Loan {
  readonly context: Context
  /** Makes its handlers answer, those of now and those to come. */
  activate(): void
  /** Ends its signal; its addresses stay bound with nobody to answer, whatever it lets go of itself, until they are taken back. */
  hold(): void
  /** Ends its signal and takes its handlers away. */
  takeBack(): Promise<void>
}

/** Lends a context to one generation of an instance. */
export function lend(host: Host, owner: Owner, options: unknown, fail: (error: Error) => void): Loan {
  const leaving = new AbortController()
  const places = new Set<Place | SocketClaim>()
  let live = false
  let held = false
  const hold = async (place: Place | SocketClaim): Promise<{ close(): Promise<void> }> => {
    places.add(place)
    if (leaving.signal.aborted) await place.close()
    else if (live) place.activate()
    return {
      async close() {
        if (held) return
        places.delete(place)
        await place.close()
      },
    }
  }
  const context: Context = {
    name: owner.instance,
    options,
    log: boundedLog(host.log.child({ component: owner.instance, generation: owner.generation })),
    signal: leaving.signal,
    metrics: metricsOf(host.metrics, owner.instance),
    fail,
    resolvePath: (path) => resolve(host.folder, path),
    async stateFolder() {
      const folder = join(host.stateFolder, 'instances', owner.instance)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return folder
    },
    http: {
      async serve(route, handler) {
        const place = await host.routes.claim(route, owner, handler)
        return { url: place.url, ...(await hold(place)) }
      },
    },
    sockets: {
      async tcp(place, accept) {
        const claim = await host.sockets.claim('tcp', place, owner, accept)
        return serviceOf(claim.socket, await hold(claim))
      },
      async udp(place, receive) {
        const claim = await host.sockets.claim('udp', place, owner, receive)
        return serviceOf(claim.socket, await hold(claim))
      },
    },
  }
  return {
    context,
    activate() {
      live = true
      for (const place of places) place.activate()
    },
    hold() {
      held = true
      leaving.abort()
      for (const place of places) place.deactivate()
    },
    async takeBack() {
      leaving.abort()
      await Promise.all([...places].map((place) => place.close()))
      places.clear()
    },
  }
}

function serviceOf(
  { address, port, receiveBufferBytes }: BoundSocket,
  held: { close(): Promise<void> },
): SocketService {
  return { address, port, ...(receiveBufferBytes === undefined ? {} : { receiveBufferBytes }), ...held }
}
