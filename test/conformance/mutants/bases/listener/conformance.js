import { createSocket } from 'node:dgram'

/** Whoever sends datagrams. */
export default {
  async setup() {
    const socket = createSocket('udp4')
    return {
      options: { port: 0 },
      subscription: {},
      async produce(texts, address) {
        const { hostname, port } = new URL(address)
        for (const text of texts) {
          await new Promise((resolve) => socket.send(text, Number(port), hostname, resolve))
          // The buffer of a socket holds some hundred: whoever reads has to come to it.
          await new Promise((resolve) => setImmediate(resolve))
        }
      },
      // It is silent, or stops in the middle of nothing.
      faults: { down() {}, hang() {}, heal() {} },
      close: () => new Promise((resolve) => socket.close(resolve)),
    }
  },
}
