import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Sender, SocketPlace } from '@smart-gateway/sdk'
import { isInTheWay } from './owner.ts'
import type { Owner, Place } from './owner.ts'
import { refusal } from './refusal.ts'
import { lend } from '../subject/traces.ts'

/** What a socket's handler is given: a connection, or a datagram and its sender. */
type Item = readonly [Socket] | readonly [Buffer, Sender]

interface Claim {
  readonly owner: Owner
  take(item: Item): void
}

interface Bound {
  readonly port: number
  readonly receiveBufferBytes?: number
  close(): void
}

interface Entry {
  readonly claims: Set<Claim>
  readonly waiting: Item[]
  live: Claim | undefined
  readonly bound: Promise<Bound>
  pending: number
}

/** What comes while no generation is live waits, up to this many. */
const MAX_WAITING = 1000

/** TCP and UDP sockets that stay bound while generations come and go. */
export class Sockets {
  readonly #entries = new Map<string, Entry>()
  readonly #connections: Socket[] = []

  /** Whether a word was ever said on one of the connections. */
  get hasAnswered(): boolean {
    return this.#connections.some(({ bytesWritten }) => bytesWritten > 0)
  }

  async claim(
    protocol: 'tcp' | 'udp',
    place: SocketPlace,
    owner: Owner,
    take: (item: Item) => void,
  ): Promise<Place & { readonly bound: Bound; readonly address: string }> {
    const { host, port } = place
    const key = `${protocol} ${host} ${port === 0 ? `0 ${owner.instance}` : port}`
    const entry = this.#entries.get(key) ?? this.#bind(key, protocol, place)
    entry.pending++
    try {
      const bound = await entry.bound
      if ([...entry.claims].some((claim) => isInTheWay(claim.owner, owner)))
        throw Object.assign(new Error(`${protocol} ${host}:${bound.port} is used`), {
          code: 'SG_PORT_IN_USE',
        })
      const claim = { owner, take }
      entry.claims.add(claim)
      return {
        bound,
        address: `${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
        activate() {
          if (!entry.claims.has(claim)) return
          entry.live = claim
          for (const item of entry.waiting.splice(0)) receive(entry, item)
        },
        close: () => this.#release(key, entry, claim),
      }
    } finally {
      entry.pending--
    }
  }

  #bind(key: string, protocol: 'tcp' | 'udp', place: SocketPlace): Entry {
    const take = (item: Item): void => {
      if (!Buffer.isBuffer(item[0])) this.#connections.push(item[0])
      receive(entry, item)
    }
    const bound = lend(() => (protocol === 'tcp' ? bindTcp(place, take) : bindUdp(place, take)))
    const entry: Entry = { claims: new Set(), waiting: [], live: undefined, bound, pending: 0 }
    this.#entries.set(key, entry)
    bound.catch(() => this.#entries.delete(key))
    return entry
  }

  async #release(key: string, entry: Entry, claim: Claim): Promise<void> {
    entry.claims.delete(claim)
    if (entry.live === claim) entry.live = undefined
    if (entry.claims.size > 0 || entry.pending > 0 || this.#entries.get(key) !== entry) return
    this.#entries.delete(key)
    for (const item of entry.waiting.splice(0)) discard(item)
    ;(await entry.bound).close()
  }
}

function receive(entry: Entry, item: Item): void {
  if (entry.live === undefined) {
    if (entry.waiting.length < MAX_WAITING) entry.waiting.push(item)
    else discard(item)
    return
  }
  try {
    entry.live.take(item)
  } catch {
    discard(item)
  }
}

function discard([item]: Item): void {
  if (!Buffer.isBuffer(item)) item.destroy()
}

async function bindTcp({ host, port }: SocketPlace, take: (item: Item) => void): Promise<Bound> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => undefined)
    take([socket])
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(refusal(host, port, error)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}

async function bindUdp(
  { host, port, receiveBufferBytes }: SocketPlace,
  take: (item: Item) => void,
): Promise<Bound> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4', (datagram, { address, port: from }) =>
    take([datagram, { address, port: from }]),
  )
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(refusal(host, port, error))
    })
    socket.bind({ address: host, port, exclusive: true }, resolve)
  })
  if (receiveBufferBytes !== undefined) socket.setRecvBufferSize(receiveBufferBytes)
  return {
    port: socket.address().port,
    receiveBufferBytes: socket.getRecvBufferSize(),
    close: () => void socket.close(),
  }
}
