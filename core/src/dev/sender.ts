import type { Gateway } from '../gateway.ts'

const EVERY_MS = 1000

/** Posts a message a second to what a transport listens on, where that is HTTP: nobody but its author can send to another one. */
export class Sender {
  readonly #timer: NodeJS.Timeout

  constructor({ registry, log }: Gateway) {
    let number = 0
    this.#timer = setInterval(() => {
      const address = String(registry.inputs[0]?.feed?.address)
      if (!/^https?:/.test(address)) return
      const body = `sample message ${++number}`
      fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body,
        signal: AbortSignal.timeout(EVERY_MS * 5),
      })
        .then(async (answer) => {
          await answer.arrayBuffer()
          if (!answer.ok) log.warn(`${body} was answered ${answer.status}`)
        })
        .catch((err: unknown) => log.warn({ err }, `${body} got no answer`))
    }, EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
