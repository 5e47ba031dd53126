/* oxlint-disable no-underscore-dangle -- the names are rhea's */
import type { Socket } from 'node:net'
import type { AmqpError, Connection } from 'rhea'
import { MAX_FRAME_BYTES, nextFrames } from './framing.ts'

/** How a connection is watched over. */
export interface Watch {
  /** Whether bytes may be read now; asked after each chunk and whenever `look` is called. */
  mayRead(): boolean
  /** The connection is given up because of what the peer did. Called once. */
  broken(error: Error): void
  /** The socket is closed. Called once, the last of all. */
  gone(): void
}

export interface Guard {
  /** Looks again whether the socket may be read. */
  look(): void
  /** Gives the connection up, telling the peer why where it can be told. */
  end(error: Error, told?: AmqpError): void
}

/**
 * Stands between a socket and rhea, which trusts its peer: it gathers frames of any size, throws out of ticks at odd frames, and
 * does not notice that a socket was destroyed. To be called before rhea has the socket.
 */
export function guardConnection(connection: Connection, watch: Watch): Guard {
  const rhea = connection as unknown as Internals
  const { init, input, _process: work, on_disposition: onDisposition } = rhea
  let rest: Buffer = EMPTY
  let later: NodeJS.Immediate | undefined
  let ended = false

  rhea.init = (socket) => {
    socket.on('drain', look)
    socket.on('close', () => {
      silence()
      rhea._disconnected()
      watch.gone()
    })
    return init.call(connection, socket)
  }

  rhea.input = (chunk) => {
    if (ended) return
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (later === undefined) feed()
  }

  rhea._process = () => {
    try {
      work.call(connection)
    } catch (error) {
      end(error as Error)
    }
  }

  rhea.on_disposition = (frame) => {
    const { first, last } = frame.performative
    if ((last ?? first) - first > MAX_DISPOSITIONS) throw new Error('a disposition of more than there is')
    onDisposition.call(connection, frame)
  }

  connection.on('error', (error: Error) => end(error))
  connection.on('protocol_error', (error: Error) => end(error))
  return { look, end }

  function feed(): void {
    later = undefined
    try {
      while (!ended) {
        const { bytes, headerNext } = nextFrames(rest)
        if (bytes === 0) break
        const frames = rest.subarray(0, bytes)
        rest = rest.subarray(bytes)
        input.call(connection, frames)
        if (rhea.frame_size !== undefined || rhea.previous_input) throw new Error('bytes that are no frame')
        // rhea learns the outcome of a login in a later tick, and until then takes the next header for a frame.
        if (headerNext) {
          later = setImmediate(feed)
          return
        }
      }
      look()
    } catch (error) {
      end(error as Error)
    }
  }

  function look(): void {
    if (ended) return
    if (watch.mayRead() && rhea.socket.writableLength < MAX_UNSENT_BYTES) rhea.socket.resume()
    else rhea.socket.pause()
  }

  function end(error: Error, told?: AmqpError): void {
    if (ended) return
    silence()
    watch.broken(error)
    if (told !== undefined) connection.close(told)
    const { socket } = rhea
    socket.resume() // A peer's end behind bytes that nobody reads would never come.
    setImmediate(() => socket.end())
    const enough = setTimeout(() => socket.destroy(), LAST_WORDS_MS)
    socket.once('close', () => clearTimeout(enough))
  }

  function silence(): void {
    ended = true
    rest = EMPTY
    clearImmediate(later)
  }
}

/** What a peer that does not read may leave unsent before it is no longer read either. */
const MAX_UNSENT_BYTES = 16 * MAX_FRAME_BYTES
/** rhea looks at each delivery from the first to the last that is named. */
const MAX_DISPOSITIONS = 65_536
const LAST_WORDS_MS = 500
const EMPTY = Buffer.alloc(0)

/** What is used of rhea beyond its typings. */
interface Internals {
  readonly socket: Socket
  readonly frame_size?: number
  readonly previous_input?: Buffer | null
  init(socket: Socket): Connection
  input(chunk: Buffer): void
  _process(): void
  _disconnected(): void
  on_disposition(frame: { performative: { first: number; last?: number | null } }): void
}
