import { createServer } from 'node:http'

/** A store that keeps lines. */
export default {
  async setup() {
    const lines = []
    let attempts = 0
    let fault = () => undefined
    const server = createServer(async (request, response) => {
      const posted = (await request.toArray()).join('').split('\n').slice(0, -1)
      attempts++
      const { status = 200, headers = {}, refused = [], hangs = false } = fault(posted) ?? {}
      if (hangs) return
      if (status === 200) lines.push(...posted.filter((_, i) => !refused.includes(i)))
      response.writeHead(status, headers).end(JSON.stringify({ refused }))
    })
    const listen = (port) => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
    const close = () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    }
    await listen(0)
    const { port } = server.address()
    return {
      options: { url: `http://127.0.0.1:${port}`, timeoutMs: 700 },
      received: () => lines,
      ordered: true,
      knowsIds: false,
      attempts: () => attempts,
      faults: {
        down: close,
        hang: () => void (fault = () => ({ hangs: true })),
        busy: (ms) => void (fault = () => ({ status: 503, headers: { 'retry-after': ms / 1000 } })),
        refuse: () => void (fault = () => ({ status: 400 })),
        refuseOnly: (token) =>
          void (fault = (posted) => ({
            refused: posted.flatMap((line, i) => (line.includes(token) ? [i] : [])),
          })),
        async heal() {
          fault = () => undefined
          if (!server.listening) await listen(port)
        },
      },
      close,
    }
  },
}
