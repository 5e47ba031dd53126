import { isAbsolute } from 'node:path'
import type { Kind } from '@smart-gateway/sdk'
import type { Gateway } from '../gateway.ts'
import { SUBJECT } from './setting.ts'
import { Tail } from './tail.ts'

const EVERY_MS = 500

/** Shows what an output does with the sample traffic: the lines of the file that it writes, or what its store took. Other kinds are shown by what is behind them. */
export class ResultWatch {
  readonly #gateway: Gateway
  readonly #timer: NodeJS.Timeout | undefined
  #tail: { readonly address: string; readonly tail: Tail } | undefined
  #looking = false
  #said = ''

  constructor(gateway: Gateway, kind: Kind) {
    this.#gateway = gateway
    if (kind !== 'output') return
    this.#timer = setInterval(() => {
      if (this.#looking) return
      this.#looking = true
      this.#look()
        .catch((err: unknown) => gateway.log.warn({ err }, 'what the output has written cannot be shown'))
        .finally(() => (this.#looking = false))
    }, EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const address = this.#gateway.registry.view().find(({ name }) => name === SUBJECT)?.address
    if (address !== undefined && isAbsolute(address)) {
      if (this.#tail?.address !== address) this.#tail = { address, tail: new Tail(address) }
      process.stdout.write(await this.#tail.tail.read())
    } else this.#count()
  }

  #count(): void {
    const output = this.#gateway.registry.outputs.find(({ spec }) => spec.name === SUBJECT)
    const { delivered = 0, rejected = 0 } = output?.queue.ledger.total ?? {}
    const said = `${delivered} records accepted by its store, ${rejected} refused\n`
    if (said !== this.#said && delivered + rejected > 0) process.stdout.write((this.#said = said))
  }
}
