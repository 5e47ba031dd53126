import { randomUUID } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import rhea from 'rhea'
import type { Connection, ConnectionOptions } from 'rhea'
import { within } from './deadline.ts'
import { connectFailure, lostFailure, toldBy } from './failure.ts'
import { MAX_FRAME_BYTES } from './framing.ts'
import { guardConnection } from './guard.ts'
import type { Target } from './target.ts'
import { watchTransfers } from './transfers.ts'
import type { Transfers } from './transfers.ts'

const CLOSE_MS = 2000

/** An open connection to a peer. */
export interface Line {
  readonly label: string
  readonly connection: Connection
  readonly transfers: Transfers
  /** Says goodbye and leaves, within a deadline. Calling it twice is fine. */
  close(): Promise<void>
}

/** Connects. `lost` is called once if the connection ends unasked; `signal` ends it at any time without that. */
export async function dial(
  target: Target,
  name: string,
  signal: AbortSignal,
  lost: (error: Error) => void,
): Promise<Line> {
  signal.throwIfAborted()
  const { label, host, port, tls, timeoutMs, maxMessageBytes } = target
  let socket: Socket | undefined
  const connection = rhea.create_container({ id: name }).create_connection({
    // Some brokers admit a container id only once, and a new session comes while the old one is there.
    container_id: `${name}-${randomUUID()}`,
    hostname: host,
    host,
    reconnect: false,
    max_frame_size: MAX_FRAME_BYTES,
    idle_time_out: target.heartbeatMs,
    sasl_mechanisms: target.mechanisms,
    connection_details: () => ({
      connect: (_port: number, _host: string, _options: object, connected: () => void) =>
        (socket =
          tls === undefined
            ? connectTcp({ host, port, noDelay: true }, connected)
            : connectTls({ host, port, ...tls }, connected).setNoDelay()),
    }),
  } as unknown as ConnectionOptions)
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  let failure: Error | undefined
  let open = false
  let closing: Promise<void> | undefined

  const note = (error: unknown, otherwise: string): void => void (failure ??= toldBy(error, otherwise))
  guardConnection(connection, {
    mayRead: () => true,
    broken: (error) => void (failure ??= error),
    gone() {
      signal.removeEventListener('abort', leave)
      transfers.forgetAll()
      closed.resolve()
      const reason = failure ?? new Error('the peer closed the connection')
      opened.reject(reason)
      if (open && closing === undefined && !signal.aborted)
        lost(lostFailure(`the connection to ${label}`, reason))
    },
  })
  const transfers = watchTransfers(connection, {
    maxMessageBytes,
    room: { bytes: Number.POSITIVE_INFINITY },
    overdraft: true,
  })
  connection.on('connection_open', () => {
    open = true
    opened.resolve()
  })
  connection.on('connection_error', ({ error }) => note(error, 'the peer closed the connection'))
  connection.on('connection_close', ({ connection: { error } }) =>
    note(error, 'the peer closed the connection'),
  )
  connection.on('disconnected', ({ error }) => void (failure ??= error))
  for (const endpoint of ['session', 'receiver', 'sender']) connection.on(`${endpoint}_error`, ignore)

  const leave = (): void => void socket?.destroy()
  signal.addEventListener('abort', leave, { once: true })
  const late = setTimeout(() => {
    failure ??= Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })
    leave()
  }, timeoutMs)
  connection.connect()
  try {
    await opened.promise
  } catch (error) {
    signal.throwIfAborted()
    throw connectFailure(label, error as Error)
  } finally {
    clearTimeout(late)
  }

  return {
    label,
    connection,
    transfers,

    close() {
      return (closing ??= hangUp())
    },
  }

  async function hangUp(): Promise<void> {
    connection.close()
    await within(CLOSE_MS, closed.promise)
    leave()
  }
}

function ignore(): void {}
