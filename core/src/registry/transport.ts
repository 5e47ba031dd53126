import type { TransportDefinition, TransportSession } from '@smart-gateway/sdk'
import type { TransportSpec } from '../config/configuration.ts'
import type { Host } from '../host/host.ts'
import type { Feed, Followed } from './feed.ts'
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
      attach: ({ session, definition }) =>
        this.#follow({ session, schema: definition.subscription, redelivers: definition.redelivers }),
      detach: () => this.#follow(undefined),
    })
  }

  get status(): Status {
    return this.instance.status
  }

  async #follow(followed: Followed | undefined): Promise<void> {
    await Promise.all(this.feeds.map((feed) => feed.follow(followed)))
  }
}
