import { defineTransport } from '@smart-gateway/sdk'
import { bodyReader } from './body.ts'
import { receiver } from './receiver.ts'
import { routeTable } from './routes.ts'

export default defineTransport({
  name: 'http',
  redelivers: false,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      host: {
        type: 'string',
        minLength: 1,
        default: '127.0.0.1',
        description:
          'Address to listen on. Other machines reach the gateway only at another one, such as 0.0.0.0 or ::.',
      },
      port: {
        type: 'integer',
        minimum: 0,
        maximum: 65535,
        default: 8080,
        description: 'Port to listen on; 0 takes a free one.',
      },
      maxBodyBytes: {
        type: 'integer',
        minimum: 1,
        default: 4_194_304,
        description: 'Largest body in bytes, as it is sent and also after it is decompressed.',
      },
      token: {
        type: 'string',
        minLength: 1,
        writeOnly: true,
        description: 'When given, a request must carry it as "Authorization: Bearer <token>".',
      },
    },
  },
  subscription: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        pattern: '^/[^?#\\s]*$',
        description: 'Path that producers POST to; one input per path.',
      },
      contentTypes: {
        type: 'array',
        items: { type: 'string', pattern: '^[^/;\\s]+/[^/;\\s]+$' },
        minItems: 1,
        default: ['application/json'],
        description: 'Media types that are accepted. A request without one is accepted too.',
      },
    },
  },
  open(context) {
    const { maxBodyBytes, token } = context.options
    const readBody = bodyReader(maxBodyBytes)
    const routes = routeTable(context)
    const open = new Set<() => Promise<void>>()
    return {
      async subscribe({ path, contentTypes }, intake, { input, log }) {
        const receive = receiver({ path, contentTypes, token, readBody }, intake)
        const place = await routes.join(path, input)
        // The route stays until the last request has its answer: the host cuts the connections of a listener without routes.
        const finish = async () => {
          await receive.close()
          await receive.answered()
          await place.leave()
          open.delete(end)
        }
        let finished: Promise<void> | undefined
        const end = () => {
          receive.end()
          return (finished ??= finish())
        }
        open.add(end)
        return {
          address: place.url,
          start: () => place.lead(receive.handle),
          stop() {
            finished ??= finish()
            finished.catch((err: unknown) =>
              log.error({ err }, `${path} is still served after its subscription`),
            )
            return receive.close()
          },
        }
      },
      async stop() {
        await Promise.all(Array.from(open, (end) => end()))
      },
    }
  },
})
