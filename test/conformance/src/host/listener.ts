import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { refusal } from './refusal.ts'

export type Handler = (request: Request) => Response | Promise<Response>

/** One bound HTTP address. */
export interface Listener {
  readonly origin: string
  close(): Promise<void>
}

const CLOSE_GRACE_MS = 1000

/** Binds an address; rejects with SG_PORT_IN_USE or SG_PORT_REFUSED. */
export async function listen(host: string, port: number, handle: Handler): Promise<Listener> {
  const server = createServer((request, response) => void answer(server, handle, request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(refusal(host, port, error)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  return {
    origin: originOf(server),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await closed
      clearTimeout(timer)
    },
  }
}

function originOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`
}

async function answer(
  server: Server,
  handle: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  outgoing.on('close', () => void (outgoing.writableFinished || gone.abort()))
  const { method = 'GET', url = '/', headers } = incoming
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const request = new Request(new URL(url, originOf(server)), {
    method,
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    signal: gone.signal,
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const }),
  })
  const response = await handle(request)
  if (outgoing.destroyed) return
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  outgoing.end(Buffer.from(await response.arrayBuffer()))
}
