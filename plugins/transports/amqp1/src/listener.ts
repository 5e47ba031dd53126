import type { Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { Server, TLSSocket } from 'node:tls'
import { permanent } from '@smart-gateway/sdk'
import type { Context, Health, TransportSession } from '@smart-gateway/sdk'
import { makeComplaints } from './complaints.ts'
import { within } from './deadline.ts'
import { createDirectory } from './directory.ts'
import type { Claim } from './directory.ts'
import { handshakeMistake } from './failure.ts'
import { nobodyHas } from './inlet.ts'
import { loadOf } from './load.ts'
import { creditOf } from './lane.ts'
import { addressesOf } from './options.ts'
import type { ListenOptions, SubscriptionOptions, TransportOptions } from './options.ts'
import { openPeer } from './peer.ts'
import type { From, Peer, PeerHost } from './peer.ts'
import { readPem } from './pem.ts'
import type { Pem } from './pem.ts'
import { passwordsOf } from './sasl.ts'

/** Messages in memory, as a multiple of the largest: beyond it nothing more is read until some are settled. */
const MESSAGES_AT_ONCE = 16
/** What must be left of them before more is read. */
const ENOUGH_ROOM = 0.75
const HANDSHAKE_MS = 10_000
const SETTLE_MS = 2000
/** How long what went to an unknown address is told of. */
const RECENT_MS = 60_000
const READY: Health = { state: 'ready' }

/** Listens for producers. All subscriptions share the port; each has addresses of its own. */
export async function openListener(
  context: Context<TransportOptions>,
  options: ListenOptions,
): Promise<TransportSession<SubscriptionOptions>> {
  const {
    log,
    metrics,
    name,
    options: { maxMessageBytes },
  } = context
  const { host, port, users, tls } = options
  const secure = tls && tlsServer(await readPem(tls, 'listen.tls', context), tls.requestClientCertificate)
  const memoryBytes = MESSAGES_AT_ONCE * maxMessageBytes
  const refusals = metrics.counter(
    'amqp1_refused_messages_total',
    'Messages rejected before an input saw them: unknown address, too large, not readable.',
    ['reason'],
  )
  const connections = metrics.gauge('amqp1_connections', 'Producers that are connected.')
  const complaints = makeComplaints(log)
  const peers = new Set<Peer>()
  const sockets = new Set<Socket>()
  let heldBytes = 0
  let full = false
  let stopping: Promise<void> | undefined
  let strays: Health = READY
  let strayedAtMs = -Infinity

  const complain = (what: string, { host: place, port: own }: From): void =>
    complaints.tell(`${place} ${what}`, `${place}:${own ?? ''} ${what}`)
  const lookAll = (): void => {
    for (const peer of peers) peer.look()
  }
  const directory = createDirectory(lookAll)
  const shared: PeerHost = {
    name,
    log,
    directory,
    maxMessageBytes,
    unfinished: { bytes: memoryBytes },
    mayEnter: users && passwordsOf(users),
    mayRead: () => !full,
    complain,
    stray(to, from) {
      const what = `sends what is refused: ${nobodyHas(to, directory)}`
      strays = { state: 'degraded', reason: `${from.host} ${what}` }
      strayedAtMs = performance.now()
      complain(what, from)
    },
    refused: (reason) => refusals.inc(1, { reason }),
    load: loadOf(metrics, (bytes) => {
      heldBytes += bytes
      if (heldBytes >= memoryBytes) full = true
      else if (full && heldBytes < memoryBytes * ENOUGH_ROOM) {
        full = false
        for (const peer of peers) peer.read()
      }
    }),
  }

  const enter = (socket: Socket, certified: boolean): void => {
    // It may have waited for this generation and died meanwhile.
    if (stopping !== undefined || socket.destroyed) return void socket.destroy()
    peers.add(
      openPeer(socket, certified, shared, (peer) => {
        peers.delete(peer)
        connections.set(peers.size)
      }),
    )
    connections.set(peers.size)
  }
  secure?.on('secureConnection', (socket: TLSSocket) => enter(socket, tls?.requestClientCertificate === true))
  secure?.on('tlsClientError', (err, { remoteAddress = 'a peer', remotePort }) => {
    log.debug({ err, from: remoteAddress }, 'a TLS handshake failed')
    complain(`was disconnected: ${handshakeMistake(err)}`, { host: remoteAddress, port: remotePort })
  })
  const service = await context.sockets
    .tcp({ host, port }, (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      if (secure === undefined) enter(socket, false)
      else secure.emit('connection', socket)
    })
    .catch((error: unknown) => {
      directory.end()
      throw error
    })
  const address = `${tls === undefined ? 'amqp' : 'amqps'}://${service.address}`

  return {
    address,

    health: () => (performance.now() - strayedAtMs > RECENT_MS ? READY : strays),

    subscribe(wanted, intake, { input }) {
      const claim: Claim = {
        input,
        intake,
        addresses: addressesOf(wanted),
        prefetch: wanted.prefetch,
        live: false,
      }
      directory.add(claim)
      lookAll()
      return {
        address: claim.addresses.map((own) => `${address}/${own.replace(/^\//, '')}`).join(', '),
        credit: creditOf(wanted.prefetch),
        start() {
          claim.live = true
          directory.changed()
        },
        async stop() {
          claim.live = false
          directory.remove(claim)
        },
      }
    },

    async stop() {
      await (stopping ??= stop())
    },
  }

  async function stop(): Promise<void> {
    await service.close()
    await within(SETTLE_MS, Promise.all(Array.from(peers, (peer) => peer.idle())))
    await Promise.all(Array.from(peers, (peer) => peer.close()))
    directory.end()
    complaints.end()
    for (const socket of sockets) socket.destroy()
  }
}

/** A server that never listens: it is handed the connections of the host's socket. Throws when the files do not fit. */
function tlsServer(pem: Pem, requestCert: boolean): Server {
  const handshakeTimeout = HANDSHAKE_MS
  try {
    return createServer({ ...pem, requestCert, rejectUnauthorized: requestCert, handshakeTimeout })
  } catch (cause) {
    throw permanent(
      `"listen.tls" cannot be used: ${(cause as Error).message}. Give PEM files, and the key of the certificate.`,
      { cause },
    )
  }
}
