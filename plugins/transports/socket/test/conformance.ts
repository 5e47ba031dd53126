import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** A producer that writes a line for each message; nobody tells it what became of them. */
export default {
  async setup() {
    const sockets = new Set<Socket>()
    let hangs = false
    const down = (): void => {
      for (const socket of sockets) socket.destroy()
    }
    return {
      options: { protocol: 'tcp', port: 0 },
      subscription: {},
      async produce(texts: readonly string[], address: string | undefined) {
        const { hostname, port } = new URL(address!)
        const socket = connect({ host: hostname, port: Number(port) })
        sockets.add(socket.on('error', () => undefined))
        const lines = texts.map((text) => `${text}\n`).join('')
        socket.write(hangs ? lines.slice(0, lines.length / 2) : lines)
      },
      // It hangs up, or in the middle of each message; that it comes back needs nothing.
      faults: { down, hang: () => void (hangs = true), heal: () => void (hangs = false) },
      close: down,
    }
  },
}
