import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

type Fate = 'accepted' | 'returned' | 'refused'

/** Class and method of AMQP 0-9-1 (its XML of RabbitMQ), as one number. */
const DELIVER = (60 << 16) | 60
const ACK = (60 << 16) | 80
const REJECT = (60 << 16) | 90
const NACK = (60 << 16) | 120

/** Where a broker listens. */
interface Broker {
  readonly host: string
  readonly port: number
}

/** A way to a broker on which is heard what a consumer says of each message, and which can break or go silent. */
export class Wiretap {
  readonly #broker: Broker
  readonly #fates = new Map<string, Fate>()
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  #hangs = false

  private constructor(broker: Broker) {
    this.#broker = broker
  }

  static async to(host: string, port: number): Promise<Wiretap> {
    const tap = new Wiretap({ host, port })
    await tap.heal()
    return tap
  }

  get port(): number {
    return this.#port
  }

  /** What the broker was last told of the message with this body. */
  fate(body: string): Fate | undefined {
    return this.#fates.get(body)
  }

  /** Takes every connection, and hands on nothing. */
  hang(): void {
    this.#hangs = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** Breaks every connection, and takes no other. */
  down(): void {
    this.#server?.close()
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
  }

  async heal(): Promise<void> {
    this.#hangs = false
    for (const socket of this.#sockets) socket.resume()
    if (this.#server !== undefined) return
    this.#server = createServer((client) => this.#join(client)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  #join(client: Socket): void {
    const broker = connect(this.#broker)
    const conversation = new Conversation(this.#fates)
    const fromClient = new Frames()
    const fromBroker = new Frames()
    client.on('data', (bytes: Buffer) => {
      for (const frame of fromClient.cut(bytes)) conversation.said(frame)
      broker.write(bytes)
    })
    broker.on('data', (bytes: Buffer) => {
      for (const frame of fromBroker.cut(bytes)) conversation.heard(frame)
      client.write(bytes)
    })
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(one)
      if (this.#hangs) one.pause()
      one.on('error', () => undefined)
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
  }
}

/** One frame: its type, its channel, and what is in it. */
interface Frame {
  readonly type: number
  readonly channel: number
  readonly payload: Buffer
}

/** Cuts a stream of bytes into frames: type (1 byte), channel (2), size (4), payload, end mark (1). */
class Frames {
  #rest: Buffer = Buffer.alloc(0)

  /** The frames that are whole now. */
  cut(bytes: Buffer): readonly Frame[] {
    const frames: Frame[] = []
    let rest = Buffer.concat([this.#rest, bytes])
    // A client greets with the protocol's name and version.
    if (rest.subarray(0, 4).toString('latin1') === 'AMQP') rest = rest.subarray(8)
    while (rest.length >= 7 && rest.length >= rest.readUInt32BE(3) + 8) {
      const size = rest.readUInt32BE(3)
      frames.push({ type: rest[0]!, channel: rest.readUInt16BE(1), payload: rest.subarray(7, 7 + size) })
      rest = rest.subarray(size + 8)
    }
    this.#rest = rest
    return frames
  }
}

/** What broker and consumer say to each other on one connection. */
class Conversation {
  readonly #fates: Map<string, Fate>
  /** The messages that a channel has delivered and not heard of, by their delivery tag; the last one's body may still be coming. */
  readonly #channels = new Map<number, Map<bigint, string>>()
  readonly #latest = new Map<number, bigint>()

  constructor(fates: Map<string, Fate>) {
    this.#fates = fates
  }

  /** What the broker sent. */
  heard({ type, channel, payload }: Frame): void {
    const open = this.#open(channel)
    if (type === 1 && payload.readUInt32BE(0) === DELIVER) {
      // Behind the consumer's tag, which is preceded by its length.
      const tag = payload.readBigUInt64BE(5 + payload[4]!)
      this.#latest.set(channel, tag)
      open.set(tag, '')
    }
    const latest = this.#latest.get(channel)
    if (type === 3 && latest !== undefined) open.set(latest, open.get(latest)! + payload.toString())
  }

  /** What the consumer sent. */
  said({ type, channel, payload }: Frame): void {
    if (type !== 1 || payload.length < 13) return
    const method = payload.readUInt32BE(0)
    if (method !== ACK && method !== NACK && method !== REJECT) return
    const tag = payload.readBigUInt64BE(4)
    const bits = payload[12]!
    const isMultiple = method !== REJECT && (bits & 1) !== 0
    const requeues = (bits & (method === REJECT ? 1 : 2)) !== 0
    const fate = method === ACK ? 'accepted' : requeues ? 'returned' : 'refused'
    const open = this.#open(channel)
    for (const [one, body] of open) {
      if (one !== tag && !(isMultiple && one < tag)) continue
      open.delete(one)
      this.#fates.set(body, fate)
    }
  }

  #open(channel: number): Map<bigint, string> {
    const known = this.#channels.get(channel) ?? new Map<bigint, string>()
    this.#channels.set(channel, known)
    return known
  }
}
