import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

const CREDIT = 50

/** Takes messages, one a line, from a peer that sends each again until it was told its fate. */
export default {
  api: 1,
  kind: 'transport',
  name: 'base',
  redelivers: true,
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: { type: 'string', format: 'uri', description: 'Where messages come from.' } },
  },
  subscription: {
    type: 'object',
    additionalProperties: false,
    properties: {
      credit: {
        type: 'integer',
        minimum: 1,
        default: CREDIT,
        description: 'Messages that are open at once.',
      },
    },
  },
  async open({ options, signal, fail }) {
    const { hostname, port } = new URL(options.url)
    const socket = connect({ host: hostname, port: Number(port) })
    socket.on('error', () => undefined)
    const leave = () => socket.destroy()
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()
    try {
      await once(socket, 'connect', { signal })
      await once(socket, 'data', { signal })
    } catch (cause) {
      socket.destroy()
      throw Object.assign(new Error('it cannot connect', { cause }), { retryable: true })
    }
    if (socket.destroyed) throw Object.assign(new Error('the peer hung up'), { retryable: true })
    let stopping
    const gone = new Promise((resolve) => {
      socket.on('close', () => {
        resolve()
        if (!stopping) fail(new Error('the connection is gone'))
      })
    })
    const lines = createInterface({ input: socket }).on('error', () => undefined)
    return {
      address: options.url,
      async subscribe({ credit }, intake) {
        let halting
        const halted = new Promise((resolve) => {
          lines.on('line', (line) => {
            if (line === 'halted') return resolve()
            if (!line.startsWith('{')) return
            intake.deliver({ body: Buffer.from(line) }).then(
              () => void socket.write(`ok ${line}\n`),
              (error) => void socket.write(`${error.retryable === false ? 'bad' : 'no'} ${line}\n`),
            )
          })
        })
        return {
          credit,
          start: () => void socket.write(`go ${credit}\n`),
          stop() {
            if (!halting) socket.write('halt\n')
            halting ??= Promise.race([halted, gone])
            return halting
          },
        }
      },
      async stop() {
        stopping = true
        socket.destroy()
        await gone
      },
    }
  },
}
