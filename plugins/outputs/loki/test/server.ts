import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** One request as it arrived. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Server {
  readonly url: string
  readonly received: Received[]
  /** Decides what comes next: an answer's status, or a function that does as it likes with the response. */
  answer: (request: Received, response: ServerResponse) => unknown
  close(): Promise<void>
}

/** A server that answers as the test says, for what a Loki never does; 204 until told otherwise. */
export async function startServer(): Promise<Server> {
  const http = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const received = { method: request.method!, path: request.url!, headers: request.headers, body }
    server.received.push(received)
    server.answer(received, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const server: Server = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    received: [],
    answer: (_, response) => response.writeHead(204).end(),
    close: async () => {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
  return server
}

export interface JsonStream {
  readonly stream: Readonly<Record<string, string>>
  readonly values: readonly (readonly [string, string, Readonly<Record<string, string>>?])[]
}

/** The streams of a JSON push. */
export function streamsOf({ body }: Pick<Received, 'body'>): JsonStream[] {
  return (JSON.parse(gunzipSync(body).toString()) as { streams: JsonStream[] }).streams
}

/** The lines of a JSON push, in its order. */
export function linesOf(received: Pick<Received, 'body'>): string[] {
  return streamsOf(received).flatMap(({ values }) => values.map(([, line]) => line))
}
