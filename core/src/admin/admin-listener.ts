import type { Logger } from 'pino'
import { Backoff, RETRY, sleep } from '../backoff.ts'
import { GatewayError, reasonOf } from '../errors.ts'
import type { Handler } from '../host/listener.ts'
import type { Place, Routes } from '../host/routes.ts'

const OWNER = { instance: 'gateway.admin', generation: 1 }

/** The gateway's own place among the host's listeners. A port in use holds nothing else up: it is tried again. */
export class AdminListener {
  readonly #routes: Routes
  readonly #log: Logger
  readonly #address: { readonly host: string; readonly port: number }
  readonly #handler: Handler
  readonly #backoff = new Backoff(RETRY)
  readonly #closing = new AbortController()
  #place: Place | undefined
  #failure: string | undefined

  constructor(
    routes: Routes,
    address: { readonly host: string; readonly port: number },
    handler: Handler,
    log: Logger,
  ) {
    this.#routes = routes
    this.#address = address
    this.#handler = handler
    this.#log = log
  }

  /** `http://host:port`, once it is bound. */
  get url(): string | undefined {
    return this.#place?.url.replace(/\/$/, '')
  }

  /** Why the last try did not bind it. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Resolves after the first try. */
  async open(): Promise<void> {
    if (this.#closing.signal.aborted) return
    try {
      this.#place = await this.#routes.claim(
        { ...this.#address, path: '/', below: true },
        OWNER,
        this.#handler,
      )
      this.#place.activate()
      this.#failure = undefined
      if (this.#closing.signal.aborted) await this.#place.close()
    } catch (error) {
      const retryInMs = this.#backoff.next()
      const { code, hint } = error as GatewayError
      this.#failure = reasonOf(error)
      this.#log.error({ code, hint, retryInMs }, `the admin listener failed: ${this.#failure}`)
      void sleep(retryInMs, this.#closing.signal).then(() => this.open())
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#place?.close()
  }
}
