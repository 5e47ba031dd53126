import type { Socket } from 'node:net'
import type { Sender, SocketPlace } from '@smart-gateway/sdk'
import { GatewayError } from '../errors.ts'
import { HandOver } from './hand-over.ts'
import type { Claim } from './hand-over.ts'
import { bindTcp, bindUdp } from './socket.ts'
import type { BoundSocket } from './socket.ts'
import type { Owner } from './routes.ts'

/** What a claim on a socket gives: its handler is live from `activate` on. */
export interface SocketClaim {
  readonly socket: BoundSocket
  activate(): void
  /** What arrives waits from now on, if it was this handler's. */
  deactivate(): void
  close(): Promise<void>
}

/** The two kinds of sockets, by what their handlers are given. */
interface Items {
  readonly tcp: readonly [Socket]
  readonly udp: readonly [Buffer, Sender]
}

interface Entry {
  readonly handOver: HandOver<readonly unknown[]>
  readonly bound: Promise<BoundSocket>
  /** Claims that wait for `bound`: they keep it from being closed. */
  pending: number
}

/** The TCP and UDP sockets that the host owns: one per address, bound as long as a generation of one instance claims it. */
export class Sockets {
  readonly #entries = new Map<string, Entry>()
  readonly #onError: (error: unknown, what: string) => void
  readonly #leaving: ReadonlySet<string>

  /** What an instance of `leaving` holds, another one may claim beside it, and takes over when it is activated. */
  constructor(onError: (error: unknown, what: string) => void, leaving: ReadonlySet<string> = new Set()) {
    this.#onError = onError
    this.#leaving = leaving
  }

  /** Binds the address if need be and claims it for an owner; rejects with SG_PORT_IN_USE or SG_PORT_REFUSED. */
  async claim<P extends keyof Items>(
    protocol: P,
    place: SocketPlace,
    owner: Owner,
    handler: (...item: Items[P]) => void,
  ): Promise<SocketClaim> {
    const { host, port } = place
    const key = `${protocol} ${host} ${port === 0 ? `0 ${owner.instance}` : port}`
    const entry = this.#entries.get(key) ?? this.#bind(key, protocol, place)
    entry.pending++
    let socket: BoundSocket
    try {
      socket = await entry.bound
    } finally {
      entry.pending--
    }
    const claim: Claim<readonly unknown[]> = { owner, take: (item) => handler(...(item as Items[P])) }
    const other = entry.handOver.add(claim, this.#leaving)
    if (other !== undefined)
      throw new GatewayError('SG_PORT_IN_USE', `${protocol} ${socket.address} is used by ${other.instance}`)
    try {
      if (place.receiveBufferBytes !== undefined) socket.resizeReceiveBuffer(place.receiveBufferBytes)
    } catch (cause) {
      await this.#release(key, entry, claim)
      const message = `${protocol} ${socket.address} cannot have a receive buffer of ${place.receiveBufferBytes} bytes`
      throw new GatewayError('SG_PORT_REFUSED', message, { cause })
    }
    return {
      socket,
      activate: () => entry.handOver.activate(claim),
      deactivate: () => entry.handOver.deactivate(claim),
      close: () => this.#release(key, entry, claim),
    }
  }

  #bind(key: string, protocol: keyof Items, { host, port }: SocketPlace): Entry {
    const what = `the ${protocol} socket on ${host}:${port}`
    const onError = (error: unknown) => this.#onError(error, what)
    const discard = ([item]: readonly unknown[]) => void (protocol === 'tcp' && (item as Socket).destroy())
    const handOver = new HandOver<readonly unknown[]>(onError, discard)
    const receive = (...item: readonly unknown[]) => handOver.receive(item)
    const bound =
      protocol === 'tcp' ? bindTcp(host, port, receive, onError) : bindUdp(host, port, receive, onError)
    const entry = { handOver, bound, pending: 0 }
    this.#entries.set(key, entry)
    bound.catch(() => this.#entries.delete(key))
    return entry
  }

  async #release(key: string, entry: Entry, claim: Claim<readonly unknown[]>): Promise<void> {
    entry.handOver.remove(claim)
    if (entry.handOver.claimed || entry.pending > 0 || this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    entry.handOver.end()
    await (await entry.bound).close()
  }
}
