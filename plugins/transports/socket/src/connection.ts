import type { Socket } from 'node:net'
import { makeFramer } from './framing.ts'
import type { Framer } from './framing.ts'
import type { SocketOptions } from './options.ts'
import { peerOf } from './peer.ts'
import type { Peer } from './peer.ts'
import { CONNECTION, Window } from './window.ts'

/** What a connection needs of those around it. */
export interface Surroundings {
  readonly options: SocketOptions
  /** False while no connection shall be read. */
  readonly flowing: boolean
  /** Hands in one message; `settled` is called, later, when nothing more will become of it. */
  carry(body: Buffer, headers: Peer, settled: () => void): void
  /** So much more is under way, or less. */
  count(messages: number, bytes: number): void
  /** A message was lost. */
  lose(reason: 'too long' | 'cut off', sentence: string): void
  /** The transport closes the connection. */
  cut(reason: 'bad length' | 'message timeout' | 'idle', sentence: string): void
  /** The connection is no more. */
  gone(connection: Connection): void
}

/** One TCP connection: read while its messages, and those of all others, find their fates. */
export class Connection {
  readonly #socket: Socket
  readonly #around: Surroundings
  readonly #headers: Peer
  readonly #framer: Framer
  readonly #underWay = new Window(CONNECTION)
  #flowing = false
  /** The messages of the chunk that is being cut. */
  #reading: Reading = { messages: 0, bytes: 0 }
  /** When the peer was last heard, and since when a message is incomplete; waits that are ours do not count. */
  #heardAtMs = performance.now()
  #begunAtMs: number | undefined

  constructor(socket: Socket, around: Surroundings) {
    this.#socket = socket
    this.#around = around
    this.#headers = { peer: peerOf(socket.remoteAddress, socket.remotePort) }
    const { framing, maxMessageBytes } = around.options
    this.#framer = makeFramer(framing, maxMessageBytes, {
      message: (body) => this.#message(body),
      tooLong: () =>
        around.lose(
          'too long',
          `one from ${this.#headers.peer} is longer than ${maxMessageBytes} bytes (maxMessageBytes)`,
        ),
    })
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('end', () => this.#hand(0, () => this.#framer.end()))
    // The close that follows says all that there is to say.
    socket.on('error', () => {})
    socket.on('close', () => this.#close())
  }

  /** Reads on or pauses, as the windows are. */
  update(): void {
    const flowing = this.#around.flowing && !this.#underWay.full
    if (flowing === this.#flowing) return
    this.#flowing = flowing
    if (!flowing) return void this.#socket.pause()
    this.#heardAtMs = performance.now()
    if (this.#begunAtMs !== undefined) this.#begunAtMs = this.#heardAtMs
    this.#socket.resume()
  }

  /** Closes the connection when its peer has been silent, or has left a message incomplete, for too long. */
  checkTime(nowMs: number): void {
    const { idleTimeoutMs, messageTimeoutMs } = this.#around.options
    if (!this.#flowing) return
    if (this.#begunAtMs !== undefined && nowMs - this.#begunAtMs > messageTimeoutMs)
      this.#cut('message timeout', `left a message incomplete for ${messageTimeoutMs} ms (messageTimeoutMs)`)
    else if (nowMs - this.#heardAtMs > idleTimeoutMs)
      this.#cut('idle', `was silent for ${idleTimeoutMs} ms (idleTimeoutMs)`)
  }

  /** Tells the peer to send elsewhere; what it has sent is still read. */
  finish(): void {
    this.#socket.end()
  }

  /** Since when there was nothing to read: never, while it is not read. */
  get quietSinceMs(): number {
    return this.#flowing ? this.#heardAtMs : Infinity
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#heardAtMs = performance.now()
    const whole = this.#hand(chunk.length, () => this.#framer.feed(chunk))
    if (this.#framer.pending === 0) this.#begunAtMs = undefined
    else if (whole > 0 || this.#begunAtMs === undefined) this.#begunAtMs = this.#heardAtMs
  }

  /** Hands in the messages that the framer finds and returns their number. They share memory, which is let go as one. */
  #hand(bytes: number, cutting: () => void): number {
    const reading = (this.#reading = { messages: 0, bytes: bytes + this.#framer.pending })
    try {
      cutting()
    } catch (error) {
      this.#cut('bad length', (error as Error).message)
    }
    const { messages } = reading
    if (messages > 0) this.#count(messages, reading.bytes)
    return messages
  }

  #message(body: Buffer): void {
    const reading = this.#reading
    reading.messages++
    this.#around.carry(body, this.#headers, () => {
      reading.messages--
      this.#count(-1, reading.messages === 0 ? -reading.bytes : 0)
    })
  }

  #count(messages: number, bytes: number): void {
    this.#underWay.add(messages, bytes)
    this.#around.count(messages, bytes)
    this.update()
  }

  #close(): void {
    if (this.#framer.pending > 0)
      this.#around.lose('cut off', `the connection from ${this.#headers.peer} ended within it`)
    this.#around.gone(this)
  }

  #cut(reason: 'bad length' | 'message timeout' | 'idle', sentence: string): void {
    this.#around.cut(reason, `closed the connection from ${this.#headers.peer}: it ${sentence}`)
    this.#socket.destroy()
  }
}

/** A peer that is gone without a word is noticed after this and ten probes more. */
const KEEP_ALIVE_MS = 60_000

/** The messages of one chunk that have no fate yet. */
interface Reading {
  messages: number
  readonly bytes: number
}
