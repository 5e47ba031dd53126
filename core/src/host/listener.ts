import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { bindError } from './bind-error.ts'

/** A fetch-style handler; the host's own also see who asks. */
export type Handler = (request: Request, remoteAddress?: string) => Response | Promise<Response>

/** Connections beyond this are refused: a listener is bounded as everything else. */
const MAX_CONNECTIONS = 1024
const REQUEST_TIMEOUT_MS = 60_000
const CLOSE_GRACE_MS = 1000

/** One bound address. It stays bound while routes come and go. */
export class Listener {
  readonly #server: Server
  readonly #host: string

  private constructor(server: Server, host: string, onError: (error: unknown) => void) {
    this.#server = server
    this.#host = host
    server.removeAllListeners('error')
    // A connection that cannot be taken, for want of file descriptors say, must not end the process.
    server.on('error', onError)
  }

  /** Binds an address; rejects with SG_PORT_IN_USE or SG_PORT_REFUSED. */
  static async bind(
    host: string,
    port: number,
    handle: Handler,
    onError: (error: unknown) => void,
  ): Promise<Listener> {
    const server = serverOf(handle)
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(host, port, error)))
      server.listen({ host, port, exclusive: true }, resolve)
    })
    return new Listener(server, host, onError)
  }

  /** Binds a Unix socket that only the user of this process can open; rejects with the system's error. */
  static async bindSocket(
    path: string,
    handle: Handler,
    onError: (error: unknown) => void,
  ): Promise<Listener> {
    const server = serverOf(handle)
    const before = process.umask(0o177)
    try {
      const bound = new Promise<void>((resolve, reject) =>
        server.once('error', reject).listen({ path }, resolve),
      )
      process.umask(before)
      await bound
    } finally {
      process.umask(before)
    }
    return new Listener(server, '', onError)
  }

  /** `http://host:port`, with the port that was bound. */
  get origin(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${port}`
  }

  /** Takes no new connections; requests under way have a second to finish. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeIdleConnections()
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_GRACE_MS)
    await closed
    clearTimeout(timer)
  }
}

function serverOf(handle: Handler): Server {
  loadFetchClasses()
  const listen = getRequestListener(
    (request, { incoming }) => handle(request, incoming.socket.remoteAddress),
    {
      overrideGlobalObjects: false,
    },
  )
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => void listen(request, response),
  )
  server.maxConnections = MAX_CONNECTIONS
  return server
}

// Node loads them at their first use, which takes 40 ms: better now than within the first scrape.
function loadFetchClasses(): void {
  void Request
  void Response
}
