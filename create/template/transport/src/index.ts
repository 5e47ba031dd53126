import { defineTransport } from '@smart-gateway/sdk'
import { receiver } from './receiver.ts'

export default defineTransport({
  name: 'my-plugin',
  // A producer that was answered 503 decides by itself whether it sends again: nothing comes again by itself.
  redelivers: false,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      host: {
        type: 'string',
        minLength: 1,
        default: '127.0.0.1',
        description: 'Address of this machine to listen on.',
      },
      port: {
        type: 'integer',
        minimum: 0,
        maximum: 65535,
        default: 8090,
        description: 'Port to listen on; 0 takes a free one.',
      },
    },
  },
  subscription: {
    type: 'object',
    additionalProperties: false,
    properties: {
      path: {
        type: 'string',
        pattern: '^/[^?#\\s]*$',
        default: '/',
        description: 'Path that producers POST to; one input per path.',
      },
    },
  },
  open({ options: { host, port }, http }) {
    const ends = new Set<() => Promise<void>>()
    return {
      async subscribe({ path }, intake) {
        const messages = receiver(intake)
        // The host owns the listener: it stays bound while code is swapped, and two generations can be open beside each other.
        const service = await http.serve({ host, port, path }, messages.receive)
        ends.add(async () => {
          await messages.stop()
          await messages.answered()
          await service.close()
        })
        return { address: service.url, start: messages.start, stop: messages.stop }
      },
      async stop() {
        await Promise.all([...ends].map((end) => end()))
      },
    }
  },
})
