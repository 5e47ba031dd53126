import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** A producer that writes a line for each message; nobody tells it what became of them. */
export default {
  async setup() {
    const sockets = new Set<Socket>()
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
        socket.write(texts.map((text) => `${text}\n`).join(''))
      },
      // It hangs up; that it comes back needs nothing.
      faults: { down, heal() {} },
      close: down,
    }
  },
}
