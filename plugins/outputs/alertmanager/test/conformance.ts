import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Answer = {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly hangs?: boolean
}

/** What of Alertmanager's API the output uses: it takes whole posts, or none of their alerts. */
export default {
  async setup() {
    const alerts: string[] = []
    let attempts = 0
    let fault: (body: string) => Answer = () => ({})
    const server = createServer((request, response) => void answer(request, response))
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const body = (await request.toArray()).join('')
      attempts++
      const { status = 200, headers = {}, hangs = false } = fault(body)
      if (hangs) return
      if (status === 200) alerts.push(...(JSON.parse(body) as object[]).map((alert) => JSON.stringify(alert)))
      response.writeHead(status, headers).end(status === 200 ? '' : '{"code":1,"message":"no such thing"}')
    }
    const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const close = async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
    await listen(0)
    const { port } = server.address() as AddressInfo
    return {
      options: { urls: [`http://127.0.0.1:${port}`], timeoutMs: 1000 },
      received: () => alerts,
      ordered: true,
      knowsIds: false,
      attempts: () => attempts,
      faults: {
        down: close,
        hang: () => void (fault = () => ({ hangs: true })),
        busy: (ms: number) =>
          void (fault = () => ({ status: 503, headers: { 'retry-after': String(ms / 1000) } })),
        refuse: () => void (fault = () => ({ status: 400 })),
        refuseOnly: (token: string) => void (fault = (body) => (body.includes(token) ? { status: 400 } : {})),
        async heal() {
          fault = () => ({})
          if (!server.listening) await listen(port)
        },
      },
      close,
    }
  },
}
