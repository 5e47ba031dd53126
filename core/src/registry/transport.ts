import type { TransportDefinition, TransportSession } from '@smart-gateway/sdk'
import type { TransportSpec } from '../config/configuration.ts'
import type { Host } from '../host/host.ts'
import type { Feed } from './feed.ts'
import { Instance } from './instance.ts'
import type { Status } from './states.ts'

/** A transport and the feeds that subscribe on it; they follow it from generation to generation. */
export class Transport {
  readonly spec: TransportSpec
  readonly instance: Instance<TransportDefinition, TransportSession>
  readonly feeds: readonly Feed[]

  constructor(spec: TransportSpec, host: Host, feeds: readonly Feed[]) {
    this.spec = spec
    this.feeds = feeds
    this.instance = new Instance('transport', spec, host, {
      extra: () => ({}),
      imported() {},
      attach: async ({ session }) => this.#follow(session),
      detach: () => this.#follow(undefined),
    })
  }

  get status(): Status {
    return this.instance.status
  }

  async #follow(session: TransportSession | undefined): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.follow(session)))
  }
}
