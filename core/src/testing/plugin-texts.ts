/** Modules of plugins that need no test beside them, for gateways that run as a process of their own. */

/** A transport that takes one message by HTTP POST and answers with its fate. */
export const WEB = `
export default {
  api: 1, kind: 'transport', name: 'web', redelivers: true,
  options: { type: 'object', properties: { port: { type: 'integer', default: 0 } } },
  subscription: { type: 'object' },
  open: ({ http, options }) => ({
    async subscribe(_, intake, { input }) {
      const route = { host: '127.0.0.1', port: options.port, path: '/' + input }
      const { url, close } = await http.serve(route, async (request) => {
        const body = Buffer.from(await request.arrayBuffer())
        return await intake.deliver({ body }).then(
          () => new Response(undefined, { status: 204 }),
          (error) => new Response(error.message, { status: error.retryable === false ? 400 : 503 }),
        )
      })
      return { address: url, start() {}, async stop() {} }
    },
  }),
}`

/** An input that makes a log line of each line. */
export const LINES = `
export default {
  api: 1, kind: 'input', name: 'lines', signals: ['log'], options: { type: 'object' },
  example: { contentType: 'text/plain', body: 'hello' },
  open: () => ({
    decode({ body }, out) {
      for (const message of body.toString().split('\\n'))
        out.log({ index: 'lines', timeMs: 0, severity: 'info', publisher: 'x', labels: {}, message })
    },
  }),
}`

/** An output that appends messages to a file, after a wait that its options name. */
export const FILE = `
import { appendFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
export default {
  api: 1, kind: 'output', name: 'file', signals: ['log'],
  options: {
    type: 'object', additionalProperties: false,
    properties: {
      path: { type: 'string', default: 'out.txt' },
      waitMs: { type: 'integer', default: 0 },
      url: { type: 'string', writeOnly: true },
    },
  },
  open: ({ options, resolvePath, log }) => {
    log.info({ options }, 'writes to ' + options.path)
    return {
      async write({ records }) {
        await delay(options.waitMs)
        await appendFile(resolvePath(options.path), records.map(({ message }) => message + '\\n').join(''))
      },
    }
  },
}`
