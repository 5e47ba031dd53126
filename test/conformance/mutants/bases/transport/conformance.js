import { createServer } from 'node:net'
import { createInterface } from 'node:readline'

/** A peer that keeps messages until it is told their fate. */
export default {
  async setup() {
    const waiting = []
    const fates = new Map()
    const sockets = new Set()
    let hangs = false
    let reader
    const flush = () => {
      while (reader !== undefined && !hangs && reader.open.size < reader.credit && waiting.length > 0) {
        const text = waiting.shift()
        reader.open.add(text)
        reader.socket.write(`${text}\n`)
      }
    }
    const hear = (own, line) => {
      const [word, ...rest] = line.split(' ')
      const text = rest.join(' ')
      if (word === 'go') {
        own.credit = Number(text)
        reader = own
      } else if (word === 'halt') {
        if (reader === own) reader = undefined
        own.socket.write('halted\n')
      } else if (own.open.delete(text)) {
        if (word === 'no') waiting.push(text)
        fates.set(text, { ok: 'accepted', no: 'returned', bad: 'refused' }[word])
      } else {
        // As a broker does with a second word on a message.
        own.socket.destroy()
      }
      flush()
    }
    const server = createServer((socket) => {
      const own = { socket, credit: 0, open: new Set() }
      sockets.add(socket)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket)
          if (reader === own) reader = undefined
          waiting.unshift(...own.open)
        })
      socket.write('hello\n')
      createInterface({ input: socket })
        .on('error', () => undefined)
        .on('line', (line) => void (hangs || socket.destroyed || hear(own, line)))
    })
    const listen = (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
    const close = () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
    await listen(0)
    const { port } = server.address()
    return {
      options: { url: `tcp://127.0.0.1:${port}` },
      async produce(texts) {
        waiting.push(...texts)
        flush()
      },
      fate: (text) => fates.get(text),
      faults: {
        down: close,
        hang: () => void (hangs = true),
        async heal() {
          hangs = false
          if (!server.listening) await listen(port)
        },
      },
      close,
    }
  },
}
