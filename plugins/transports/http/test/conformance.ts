import { request } from 'node:http'

type Fate = 'accepted' | 'returned' | 'refused'

/** A producer that posts each message and keeps the answer. */
export default {
  async setup() {
    const fates = new Map<string, Fate>()
    return {
      options: { port: 0 },
      subscription: { path: '/conformance' },
      async produce(texts: readonly string[], address: string | undefined) {
        for (const text of texts) post(address!, text, (fate) => fates.set(text, fate))
      },
      fate: (text: string) => fates.get(text),
      close() {},
    }
  },
}

function post(url: string, text: string, told: (fate: Fate) => void): void {
  const headers = { 'content-type': 'application/json' }
  const sent = request(url, { method: 'POST', agent: false, headers }, (answer) => {
    answer.resume()
    const { statusCode = 0 } = answer
    told(statusCode < 300 ? 'accepted' : statusCode < 500 ? 'refused' : 'returned')
  })
  sent.on('error', () => told('returned'))
  sent.end(text)
}
