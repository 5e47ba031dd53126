import { connect } from 'node:net'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Reads lines from a peer that sends each again until it was told that it is taken. */
export default {
  api: 1,
  kind: 'input',
  name: 'base',
  signals: ['log'],
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: { type: 'string', format: 'uri', description: 'Where lines come from.' } },
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
    let stopped = false
    const open = new Set()
    socket.on('close', () => void (stopped || fail(new Error('the connection is gone'))))
    return {
      address: options.url,
      start(emit) {
        createInterface({ input: socket })
          .on('error', () => undefined)
          .on('line', (line) => {
            if (stopped) return
            const fate = emit((out) => out.log(logOf(line))).then(
              () => void socket.write(`ok ${line}\n`),
              (error) => void socket.write(`${error.retryable === false ? 'bad' : 'no'} ${line}\n`),
            )
            open.add(fate)
            fate.finally(() => open.delete(fate))
          })
        socket.write('go\n')
      },
      async stop() {
        stopped = true
        await Promise.all(open)
        socket.destroy()
      },
    }
  },
}

function logOf(message) {
  return { index: 'base', timeMs: 0, severity: 'info', publisher: 'peer', labels: {}, message }
}
