import { setInterval } from 'node:timers/promises'
import { defineTransport } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'

/** What `smart-gateway dev` feeds an input with: the same messages over and over. */
export default defineTransport({
  name: 'player',
  redelivers: false,
  options: { type: 'object', additionalProperties: false, properties: {} },
  subscription: {
    type: 'object',
    additionalProperties: false,
    required: ['bodies', 'everyMs'],
    properties: {
      bodies: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'One message each.' },
      contentType: { type: 'string', description: 'Their media type.' },
      everyMs: { type: 'integer', minimum: 1, description: 'The time from one message to the next.' },
    },
  },
  open: () => ({
    subscribe({ bodies, contentType, everyMs }, intake, { log }) {
      const closing = new AbortController()
      const play = async (): Promise<void> => {
        let turn = 0
        for await (const _ of setInterval(everyMs, undefined, { signal: closing.signal })) {
          const body = Buffer.from(bodies[turn++ % bodies.length]!)
          await intake
            .deliver({
              body,
              address: 'sample',
              lastTry: true,
              ...(contentType !== undefined && { contentType }),
            })
            .catch((error: PluginError) => log.warn(`a sample message was not taken: ${error.message}`))
        }
      }
      return {
        address: 'sample messages',
        start: () => void play().catch((err: unknown) => closing.signal.aborted || intake.fail(err as Error)),
        stop: async () => closing.abort(),
      }
    },
  }),
})
