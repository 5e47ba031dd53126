import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

/** A peer that keeps lines until it is told their fate. */
export default {
  async setup() {
    const waiting = []
    const fates = new Map()
    const sockets = new Set()
    let reader
    const flush = () => {
      for (const line of reader === undefined ? [] : waiting.splice(0)) {
        reader.open.add(line)
        reader.socket.write(`${line}\n`)
      }
    }
    const hear = (own, [word, text]) => {
      if (word === 'go') reader = own
      else if (own.open.delete(text)) {
        if (word === 'no') waiting.push(text)
        fates.set(text, { ok: 'accepted', no: 'returned', bad: 'refused' }[word])
      } else {
        // As a broker does with a second word on a message.
        own.socket.destroy()
      }
      flush()
    }
    const server = createServer((socket) => {
      const own = { socket, open: new Set() }
      sockets.add(socket)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket)
          if (reader === own) reader = undefined
          waiting.unshift(...own.open)
          flush()
        })
      socket.write('hello\n')
      createInterface({ input: socket })
        .on('error', () => undefined)
        .on('line', (line) => void (socket.destroyed || hear(own, line.split(' '))))
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      options: { url: `tcp://127.0.0.1:${server.address().port}` },
      async produce(texts) {
        waiting.push(...texts)
        flush()
      },
      fate: (text) => fates.get(text),
      close() {
        for (const socket of sockets) socket.destroy()
        server.close()
      },
    }
  },
}
