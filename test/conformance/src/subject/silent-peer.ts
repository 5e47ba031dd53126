import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A peer that takes connections and never says a word. */
export interface SilentPeer {
  readonly port: number
  /** Connections that are open. */
  readonly open: number
  /** Connections that there have been. */
  readonly seen: number
  close(): void
}

/** `greet` is what it does with a connection instead of saying nothing. */
export async function startSilentPeer(greet?: (socket: Socket) => void): Promise<SilentPeer> {
  const open = new Set<Socket>()
  let seen = 0
  const server = createServer((socket) => {
    seen++
    open.add(socket)
    socket
      .on('error', () => undefined)
      .on('close', () => open.delete(socket))
      .resume()
    greet?.(socket)
  })
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return open.size
    },
    get seen() {
      return seen
    },
    close() {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

/** A port of this machine on which nobody listens. */
export async function closedPort(): Promise<number> {
  const peer = await startSilentPeer()
  peer.close()
  return peer.port
}
