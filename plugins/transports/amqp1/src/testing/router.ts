import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import rhea from 'rhea'
import type { Container, EventContext, Sender, ServerConnectionOptions } from 'rhea'

/** A peer that the gateway connects to: sends what a test queues under an address, and again what is released. */
export interface Router {
  readonly port: number
  readonly container: Container
  readonly outcomes: string[]
  /** Messages that wait for credit, by address. An address that is not here is refused. */
  readonly queues: Map<string, object[]>
  readonly senders: Sender[]
  publish(address: string, ...bodies: unknown[]): void
  /** Cuts all connections. */
  cut(): void
  close(): void
}

export async function startRouter(
  addresses: readonly string[],
  { listen = {}, users }: { listen?: object; users?: Record<string, string> } = {},
): Promise<Router> {
  const container = rhea.create_container()
  const queues = new Map<string, object[]>(addresses.map((address) => [address, []]))
  const outcomes: string[] = []
  const senders: Sender[] = []
  const sockets = new Set<Socket>()
  const mechanisms = container.sasl_server_mechanisms as {
    enable_anonymous(): void
    enable_plain(check: (user: string, password: string) => boolean): void
  }
  if (users === undefined) mechanisms.enable_anonymous()
  else mechanisms.enable_plain((user, password) => users[user] === password)

  const pump = (sender: Sender): void => {
    const queue = queues.get(sender.source.address) ?? []
    while (sender.sendable() && queue.length > 0) sender.send(queue.shift() as never)
  }
  for (const event of [
    'connection_error',
    'session_error',
    'sender_error',
    'disconnected',
    'error',
    'protocol_error',
  ])
    container.on(event, () => undefined)
  container.on('sender_open', ({ sender }: EventContext) => {
    const { address } = sender!.source
    if (!queues.has(address))
      return sender!.close({ condition: 'amqp:not-found', description: `no queue '${address}'` })
    sender!.set_source({ address })
    senders.push(sender!)
  })
  container.on('sendable', ({ sender }: EventContext) => pump(sender!))
  for (const outcome of ['accepted', 'released', 'rejected']) {
    container.on(outcome, ({ delivery }: EventContext) => {
      const error = delivery?.remote_state?.['error'] as { condition: string } | undefined
      outcomes.push(error ? `${outcome} ${error.condition}` : outcome)
    })
  }
  const server: Server = container.listen({
    host: '127.0.0.1',
    port: 0,
    ...listen,
  } as ServerConnectionOptions)
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    container,
    outcomes,
    queues,
    senders,
    publish(address, ...bodies) {
      queues.get(address)!.push(...bodies.map((body) => ({ body })))
      for (const sender of senders) if (sender.source.address === address && sender.is_open()) pump(sender)
    },
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
