import { request } from 'node:http'
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'

type Fate = 'accepted' | 'returned' | 'refused'

/** A producer that posts each message and keeps the answer. */
export default {
  async setup() {
    const fates = new Map<string, Fate>()
    const sockets = new Set<Socket>()
    let hangs = false
    const down = (): void => {
      for (const socket of sockets) socket.destroy()
    }
    return {
      options: { port: 0 },
      subscription: { path: '/conformance' },
      async produce(texts: readonly string[], address: string | undefined) {
        for (const text of texts)
          post({ url: address!, text, half: hangs }, (fate) => fates.set(text, fate)).on('socket', (socket) =>
            sockets.add(socket),
          )
      },
      fate: (text: string) => fates.get(text),
      // It hangs up, or in the middle of each message; that it comes back needs nothing.
      faults: { down, hang: () => void (hangs = true), heal: () => void (hangs = false) },
      close: down,
    }
  },
}

interface Post {
  readonly url: string
  readonly text: string
  /** Whether the other half never comes. */
  readonly half: boolean
}

function post({ url, text, half }: Post, told: (fate: Fate) => void): ClientRequest {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
  const sent = request(url, { method: 'POST', agent: false, headers }, (answer) => {
    answer.resume()
    const { statusCode = 0 } = answer
    told(statusCode < 300 ? 'accepted' : statusCode < 500 ? 'refused' : 'returned')
  })
  sent.on('error', () => told('returned'))
  if (!half) return sent.end(text)
  sent.write(text.slice(0, text.length / 2))
  return sent
}
