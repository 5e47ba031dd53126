import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

/** A peer that sends lines, and each that comes back once more. */
export default {
  async setup() {
    let reader
    const sockets = new Set()
    const waiting = []
    const flush = () => {
      for (const line of reader === undefined ? [] : waiting.splice(0)) reader.write(`${line}\n`)
    }
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
      socket.write('hello\n')
      createInterface({ input: socket })
        .on('error', () => undefined)
        .on('line', (line) => {
          if (line === 'go') reader = socket
          if (line.startsWith('no ')) waiting.push(line.slice(3))
          flush()
        })
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      options: { url: `tcp://127.0.0.1:${server.address().port}` },
      async produce(texts) {
        waiting.push(...texts)
        flush()
      },
      close() {
        for (const socket of sockets) socket.destroy()
        server.close()
      },
    }
  },
}
