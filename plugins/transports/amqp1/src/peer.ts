import type { Socket } from 'node:net'
import type { Logger } from '@smart-gateway/sdk'
import rhea from 'rhea'
import type { AmqpError, ConnectionOptions, Receiver, Sender, Session } from 'rhea'
import { within } from './deadline.ts'
import type { Directory } from './directory.ts'
import { peerMistake } from './failure.ts'
import { MAX_FRAME_BYTES } from './framing.ts'
import { guardConnection } from './guard.ts'
import { openInlet } from './inlet.ts'
import type { Inlet, InletHost } from './inlet.ts'
import type { Load } from './load.ts'
import { serverMechanisms } from './sasl.ts'
import { terminusOf } from './terminus.ts'
import { watchTransfers } from './transfers.ts'
import type { Room } from './transfers.ts'

const HANDSHAKE_MS = 10_000
const CLOSE_MS = 2000
const KEEP_ALIVE_MS = 30_000
/** Sessions and links, together. */
const MAX_ENDPOINTS = 256
/** Deliveries of a session that rhea keeps behind one that is unsettled. */
const SESSION_WINDOW = 16_384

/** What all peers of a listener share. */
export interface PeerHost extends Pick<InletHost, 'refused'> {
  readonly name: string
  readonly log: Logger
  readonly directory: Directory
  readonly load: Load
  readonly unfinished: Room
  readonly maxMessageBytes: number
  readonly mayEnter: ((user: string, password: string) => boolean) | undefined
  /** A peer did something wrong; `what` is the same for all that do the same. */
  complain(what: string, from: From): void
  /** A peer sent something to an address that no input has. */
  stray(to: string, from: From): void
  /** Whether there is memory for more messages. */
  mayRead(): boolean
}

/** Where a producer is. */
export interface From {
  readonly host: string
  readonly port: number | undefined
}

/** One connection of a producer. */
export interface Peer {
  /** Looks again who has which address. */
  look(): void
  /** Reads on, if it may. */
  read(): void
  /** Resolves when all its messages have their fate. */
  idle(): Promise<void>
  /** Says what is due and leaves, within a deadline. */
  close(): Promise<void>
}

/** Takes a connection over. `gone` is called once, when it has ended. */
export function openPeer(
  socket: Socket,
  certified: boolean,
  host: PeerHost,
  gone: (peer: Peer) => void,
): Peer {
  const { directory, load, log, maxMessageBytes } = host
  const from = { host: socket.remoteAddress ?? 'a peer', port: socket.remotePort }
  const container = rhea.create_container({ id: host.name })
  const connection = container.create_connection({
    reconnect: false,
    tcp_no_delay: true,
    max_frame_size: MAX_FRAME_BYTES,
    channel_max: MAX_ENDPOINTS - 1,
    session_buffer_size: { incoming: SESSION_WINDOW },
    offered_capabilities: ['ANONYMOUS-RELAY'],
    properties: { product: 'smart-gateway' },
    receiver_options: { credit_window: 0, autoaccept: false, max_message_size: maxMessageBytes },
  } as unknown as ConnectionOptions)
  const inlets = new Map<Receiver, Inlet>()
  const closed = Promise.withResolvers<void>()
  const sessions = new Set<Session>()
  const links = new Set<Receiver | Sender>()
  let resting: PromiseWithResolvers<void> | undefined

  container.sasl_server_mechanisms = serverMechanisms({
    certified,
    mayEnter: host.mayEnter,
    refused: (user) => guard.end(new Error(`wrong user or password (user "${user.slice(0, 64)}")`)),
  })
  const guard = guardConnection(connection, {
    mayRead: host.mayRead,
    broken(err) {
      log.debug({ err, from }, 'a peer was disconnected')
      host.complain(`was disconnected: ${peerMistake(err)}`, from)
    },
    gone() {
      clearTimeout(handshake)
      transfers.forgetAll()
      for (const inlet of inlets.values()) inlet.end()
      inlets.clear()
      rest()
      closed.resolve()
      gone(peer)
    },
  })
  const transfers = watchTransfers(connection, { maxMessageBytes, room: host.unfinished, overdraft: false })
  const handshake = setTimeout(() => {
    guard.end(new Error(`no AMQP connection was opened within ${HANDSHAKE_MS} ms`))
  }, HANDSHAKE_MS)

  const peer: Peer = {
    look() {
      for (const inlet of inlets.values()) inlet.look()
    },

    read: () => guard.look(),

    async idle() {
      if (isIdle()) return
      resting ??= Promise.withResolvers()
      await resting.promise
    },

    // No close frame: collectd aborts on one (proton's `Assertion session' failed`), and whoever reads an end connects again too.
    async close() {
      setImmediate(() => socket.end())
      await within(CLOSE_MS, closed.promise)
      socket.destroy()
    },
  }

  connection.on('connection_open', () => clearTimeout(handshake))
  // Unheard, rhea takes an error that a peer reports for one of its own and ends the connection.
  connection.on('connection_close', ignore)
  connection.on('disconnected', ignore)
  for (const endpoint of ['connection', 'session', 'receiver', 'sender'])
    connection.on(`${endpoint}_error`, ignore)
  connection.on('session_open', ({ session }) => {
    sessions.add(session!)
    count()
  })
  connection.on('session_close', ({ session }) => {
    sessions.delete(session!)
    for (const link of links) if (link.session === session) leave(link)
  })
  connection.on('receiver_open', ({ receiver }) => {
    attached(receiver!)
    take(receiver!)
  })
  connection.on('sender_open', ({ sender }) => {
    attached(sender!)
    answer(sender!)
  })
  connection.on('receiver_close', ({ receiver }) => leave(receiver!))
  connection.on('sender_close', ({ sender }) => leave(sender!))

  connection.accept(socket)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.resume()
  return peer

  function attached(link: Receiver | Sender): void {
    const { remote } = link as unknown as { remote: { handle?: number; attach: { handle: number } } }
    remote.handle = remote.attach.handle // rhea has missed to note it, and would never forget the link.
    links.add(link)
    count()
  }

  function count(): void {
    if (sessions.size + links.size <= MAX_ENDPOINTS) return
    const description = `more than ${MAX_ENDPOINTS} sessions and links on one connection`
    guard.end(new Error(description), { condition: 'amqp:resource-limit-exceeded', description })
  }

  /** The peer wants to send. */
  function take(receiver: Receiver): void {
    const target = terminusOf(receiver.target)
    if (target === undefined || target.dynamic === true)
      return receiver.close(notHere('a link needs a target, and not a dynamic one'))
    const address = (target.address as string | null) ?? undefined
    receiver.set_source({ address: terminusOf(receiver.source)?.address ?? '' })
    receiver.set_target({ address } as Receiver['target'])
    const inlet = openInlet(receiver, address, {
      directory,
      load,
      refused: host.refused,
      stray: (to) => host.stray(to, from),
      arrival: () => transfers.current,
      idle: rest,
    })
    inlets.set(receiver, inlet)
    inlet.look()
  }

  /** The peer wants to receive: an RPC library's reply link stays silent, everything else is refused. */
  function answer(sender: Sender): void {
    const source = terminusOf(sender.source)
    if (source?.dynamic !== true) return sender.close(notHere('this gateway only receives'))
    sender.set_source({ address: rhea.generate_uuid(), dynamic: true })
    sender.set_target({ address: terminusOf(sender.target)?.address ?? '' })
  }

  function leave(link: Receiver | Sender): void {
    links.delete(link)
    const inlet = inlets.get(link as Receiver)
    if (inlet === undefined) return
    inlets.delete(link as Receiver)
    transfers.forget(link as Receiver)
    inlet.end()
    rest()
  }

  function isIdle(): boolean {
    return Array.from(inlets.values()).every((inlet) => inlet.open === 0)
  }

  function rest(): void {
    if (resting === undefined || !isIdle()) return
    resting.resolve()
    resting = undefined
  }
}

function notHere(description: string): AmqpError {
  return { condition: 'amqp:not-implemented', description }
}

function ignore(): void {}
