import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** What looks on at a connection: gets what is passed on, either way. */
export interface Onlooker {
  toServer(chunk: Buffer): void
  toClient(chunk: Buffer): void
}

/** The way to a server, a TCP proxy on a port that stays. */
export interface Road {
  readonly port: number
  /** Connections made so far, open ones, and bytes that went into connections that are silent. */
  readonly counts: { readonly made: number; readonly open: number; readonly swallowed: number }
  /** Nobody listens any more, and every connection is reset. */
  close(): Promise<void>
  /** As it was. */
  open(): Promise<void>
  /** Resets every connection; new ones go through. Returns how many there were. */
  cut(): number
  /** Nothing comes through the connections that are open now, for ever, and nobody hangs up: a vanished host. New ones go through. */
  silence(): number
}

interface Lane {
  readonly client: Socket
  readonly server: Socket
  silent: boolean
}

export async function startRoad(targetPort: number, onlooker?: () => Onlooker): Promise<Road> {
  const lanes = new Set<Lane>()
  const counts = { made: 0, open: 0, swallowed: 0 }
  let server: Server
  let port = 0

  async function open(): Promise<void> {
    server = createServer({ noDelay: true }, drive)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    port = (server.address() as AddressInfo).port
  }

  function drive(client: Socket): void {
    const lane: Lane = {
      client,
      server: connect({ port: targetPort, host: '127.0.0.1', noDelay: true }),
      silent: false,
    }
    const eye = onlooker?.()
    counts.made++
    counts.open++
    lanes.add(lane)
    pass(lane, lane.client, lane.server, eye?.toServer)
    pass(lane, lane.server, lane.client, eye?.toClient)
    client.once('close', () => {
      counts.open--
      lanes.delete(lane)
    })
  }

  function pass(lane: Lane, from: Socket, to: Socket, look: ((chunk: Buffer) => void) | undefined): void {
    from.on('data', (chunk: Buffer) => {
      if (lane.silent) {
        counts.swallowed += chunk.length
        return
      }
      look?.(chunk)
      if (to.write(chunk)) return
      from.pause()
      to.once('drain', () => from.resume())
    })
    from.on('end', () => lane.silent || to.end())
    from.on('error', () => lane.silent || to.destroy())
    from.on('close', () => lane.silent || to.destroy())
  }

  function cut(): number {
    const { size } = lanes
    for (const { client, server: target } of lanes) {
      client.resetAndDestroy()
      target.destroy()
    }
    return size
  }

  await open()
  return {
    port,
    counts,
    open,
    cut,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
    silence() {
      for (const lane of lanes) lane.silent = true
      return lanes.size
    },
  }
}
