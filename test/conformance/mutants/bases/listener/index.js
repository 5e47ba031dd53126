/** Takes a message from each datagram. Nobody is told anything, and nothing comes again. */
export default {
  api: 1,
  kind: 'transport',
  name: 'listener',
  redelivers: false,
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      port: {
        type: 'integer',
        minimum: 0,
        maximum: 65535,
        default: 0,
        description: 'Where datagrams come; 0 is a free one.',
      },
    },
  },
  subscription: { type: 'object', additionalProperties: false, properties: {} },
  open({ options, sockets }) {
    const open = new Set()
    return {
      async subscribe(_, intake) {
        let isOn = false
        const place = await sockets.udp({ host: '127.0.0.1', port: options.port }, (body) => {
          if (isOn && !intake.full) intake.deliver({ body, lastTry: true }).catch(() => undefined)
          else intake.lost?.(1)
        })
        const stop = async () => {
          isOn = false
          open.delete(stop)
          await place.close()
        }
        open.add(stop)
        return { address: `udp://${place.address}`, start: () => void (isOn = true), stop }
      },
      async stop() {
        await Promise.all(Array.from(open, (stop) => stop()))
      },
    }
  },
}
