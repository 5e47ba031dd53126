// What the conformance suite cannot know: how a producer of yours sends a message, and how it is told the fate of it.
/** @type {import('@smart-gateway/conformance').Author} */
export default {
  async setup() {
    const fates = new Map()
    return {
      options: { port: 0 },
      subscription: { path: '/conformance' },
      async produce(texts, address) {
        for (const text of texts) void post(address, text).then((fate) => fates.set(text, fate))
      },
      fate: (text) => fates.get(text),
      close() {},
    }
  },
}

async function post(url, text) {
  const headers = { 'content-type': 'text/plain', connection: 'close' }
  const answer = await fetch(url, { method: 'POST', headers, body: text }).catch(() => undefined)
  if (answer === undefined) return 'returned'
  await answer.arrayBuffer()
  return answer.status < 300 ? 'accepted' : answer.status < 500 ? 'refused' : 'returned'
}
