import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A TCP proxy that stands for a bad network. */
export interface Proxy {
  readonly port: number
  /** How many connections were made since the start. */
  readonly connections: number
  /** Resets every connection; new ones go through. */
  cut(): void
  /** Resets the connection that was made last. */
  cutLast(): void
  /** Passes nothing on any more, either way, while every connection stays open: what a vanished host looks like. */
  freeze(): void
  stop(): Promise<void>
}

/** Starts a proxy on a free loopback port in front of another. */
export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let frozen = false
  let connections = 0

  const server = createServer((client) => {
    connections++
    const peer = connect(targetPort, '127.0.0.1')
    for (const [from, to] of [
      [client, peer],
      [peer, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => {
        if (!frozen) to.write(chunk)
      })
      from.on('end', () => {
        if (!frozen) to.end()
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        if (!frozen) to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  function cut(): void {
    for (const socket of sockets) socket.resetAndDestroy()
  }

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    cut,
    cutLast: () => void [...sockets].at(-1)?.resetAndDestroy(),
    freeze: () => void (frozen = true),

    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
}
