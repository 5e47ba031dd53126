import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import rhea from 'rhea'
import type { Delivery, EventContext, Sender } from 'rhea'

type Fate = 'accepted' | 'returned' | 'refused'

const ADDRESS = 'conformance'

/** A router that keeps each message until it is told its fate. */
export default {
  async setup() {
    const waiting: string[] = []
    const open = new Map<Delivery, { readonly text: string; readonly sender: Sender }>()
    const fates = new Map<string, Fate>()
    const senders = new Map<Sender, { given: number }>()
    const sockets = new Set<Socket>()
    let hangs = false
    const container = rhea.create_container()
    const mechanisms = container.sasl_server_mechanisms as { enable_anonymous(): void }
    mechanisms.enable_anonymous()

    const pump = (): void => {
      for (const [sender, link] of senders) {
        // What was given to rhea goes out, and uses up credit, in a turn to come.
        const { credit, delivery_count: gone } = sender as Sender & {
          readonly credit: number
          readonly delivery_count: number
        }
        for (let room = credit - (link.given - gone); room > 0 && waiting.length > 0; room--) {
          const text = waiting.shift()!
          link.given++
          open.set(sender.send({ body: text }), { text, sender })
        }
      }
    }
    const settle = ({ delivery }: EventContext, fate: Fate): void => {
      const sent = open.get(delivery!)
      if (sent === undefined) return
      open.delete(delivery!)
      fates.set(sent.text, fate)
      if (fate === 'returned') waiting.push(sent.text)
      pump()
    }
    const forget = (sender: Sender): void => {
      senders.delete(sender)
      for (const [delivery, sent] of open) {
        if (sent.sender !== sender) continue
        open.delete(delivery)
        waiting.unshift(sent.text)
      }
      pump()
    }
    for (const event of ['connection_error', 'session_error', 'sender_error', 'error', 'protocol_error'])
      container.on(event, () => undefined)
    container.on('sender_open', ({ sender }: EventContext) => {
      sender!.set_source({ address: sender!.source.address })
      senders.set(sender!, { given: 0 })
    })
    container.on('sendable', pump)
    container.on('accepted', (context: EventContext) => settle(context, 'accepted'))
    container.on('released', (context: EventContext) => settle(context, 'returned'))
    container.on('modified', (context: EventContext) => settle(context, 'returned'))
    container.on('rejected', (context: EventContext) => settle(context, 'refused'))
    // rhea tells of a link's end before it tells of what was settled just before.
    container.on('sender_close', ({ sender }: EventContext) => void setImmediate(() => forget(sender!)))
    for (const event of ['connection_close', 'disconnected'])
      container.on(event, ({ connection }: EventContext) => {
        for (const sender of senders.keys()) if (sender.connection === connection) forget(sender)
      })

    const listen = async (port: number): Promise<Server> => {
      const server: Server = container.listen({ host: '127.0.0.1', port })
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        if (hangs) socket.pause()
        socket.on('close', () => sockets.delete(socket))
      })
      await once(server, 'listening')
      return server
    }
    let server = await listen(0)
    const { port } = server.address() as AddressInfo
    const close = (): void => {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
    return {
      options: { url: `amqp://127.0.0.1:${port}` },
      subscription: { address: ADDRESS, prefetch: 50 },
      async produce(texts: readonly string[]) {
        waiting.push(...texts)
        pump()
      },
      fate: (text: string) => fates.get(text),
      faults: {
        down: close,
        // It takes every connection, and reads nothing of what is sent.
        hang() {
          hangs = true
          for (const socket of sockets) socket.pause()
        },
        async heal() {
          hangs = false
          for (const socket of sockets) socket.resume()
          if (!server.listening) server = await listen(port)
        },
      },
      close,
    }
  },
}
