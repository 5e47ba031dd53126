import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { createServer, isIPv6 } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Sender } from '@smart-gateway/sdk'
import { bindError } from './bind-error.ts'

/** A socket that is bound. */
export interface BoundSocket {
  /** `host:port`. */
  readonly address: string
  readonly port: number
  /** UDP: what the kernel granted. */
  readonly receiveBufferBytes?: number
  resizeReceiveBuffer(bytes: number): void
  /** Ends listening; connections that were handed out stay open. */
  close(): Promise<void>
}

/** Connections beyond this are refused: a listener is bounded as everything else. */
const MAX_CONNECTIONS = 1024

/** Listens for TCP connections, each paused. */
export async function bindTcp(
  host: string,
  port: number,
  take: (socket: Socket) => void,
  onError: (error: unknown) => void,
): Promise<BoundSocket> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    // Until somebody listens to it, a connection that breaks must not end the process.
    socket.on('error', () => undefined)
    take(socket)
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(host, port, error)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  server.removeAllListeners('error')
  server.on('error', onError)
  const { port: bound } = server.address() as AddressInfo
  return {
    address: place(host, bound),
    port: bound,
    resizeReceiveBuffer() {},
    // `close` calls back only when the last connection has ended, which is not the listener's to wait for.
    close: async () => void server.close(),
  }
}

/** Receives datagrams. */
export async function bindUdp(
  host: string,
  port: number,
  take: (datagram: Buffer, sender: Sender) => void,
  onError: (error: unknown) => void,
): Promise<BoundSocket> {
  const { family } = await lookup(host).catch((error: NodeJS.ErrnoException) => {
    throw bindError(host, port, error)
  })
  const type = family === 6 ? 'udp6' : 'udp4'
  const socket = createSocket({ type }, (datagram, { address, port }) => take(datagram, { address, port }))
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      reject(bindError(host, port, error))
    })
    socket.bind({ address: host, port, exclusive: true }, resolve)
  })
  socket.removeAllListeners('error')
  socket.on('error', onError)
  const { port: bound } = socket.address()
  // Kept, because a closed socket cannot be asked.
  let receiveBufferBytes = socket.getRecvBufferSize()
  return {
    address: place(host, bound),
    port: bound,
    get receiveBufferBytes() {
      return receiveBufferBytes
    },
    resizeReceiveBuffer(bytes) {
      socket.setRecvBufferSize(bytes)
      receiveBufferBytes = socket.getRecvBufferSize()
    },
    close: () => new Promise((resolve) => socket.close(resolve)),
  }
}

function place(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}
