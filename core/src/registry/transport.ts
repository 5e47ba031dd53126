import type { TransportDefinition, TransportSession } from '@smart-gateway/sdk'
import type { TransportSpec } from '../config/configuration.ts'
import type { Host } from '../host/host.ts'
import type { Feed, Followed } from './feed.ts'
import { Instance } from './instance.ts'
import type { Status } from './states.ts'

/** A transport and the feeds that subscribe on it; they follow it from generation to generation. */
export class Transport {
  readonly instance: Instance<TransportDefinition, TransportSession>
  readonly #feeds = new Set<Feed>()
  #spec: TransportSpec
  #followed: Followed | undefined

  constructor(spec: TransportSpec, host: Host) {
    this.#spec = spec
    this.instance = new Instance('transport', spec, host, {
      extra: () => ({}),
      imported() {},
      attach: ({ session, definition }) =>
        this.#follow({ session, schema: definition.subscription, redelivers: definition.redelivers }),
      detach: () => this.#follow(undefined),
    })
  }

  get spec(): TransportSpec {
    return this.#spec
  }

  get status(): Status {
    return this.instance.status
  }

  /** Takes what startup.yaml says of it now. */
  update(spec: TransportSpec): void {
    this.#spec = spec
  }

  /** From now on the feed subscribes here; resolves after its first try. */
  async adopt(feed: Feed): Promise<void> {
    this.#feeds.add(feed)
    await feed.follow(this.#followed)
  }

  /** The feed has nothing to do with it any more. */
  release(feed: Feed): void {
    this.#feeds.delete(feed)
  }

  /** The feeds that have ended have nothing to do with it any more. */
  releaseEnded(): void {
    for (const feed of this.#feeds) if (feed.status.state === 'stopped') this.#feeds.delete(feed)
  }

  async #follow(followed: Followed | undefined): Promise<void> {
    this.#followed = followed
    await Promise.all([...this.#feeds].map((feed) => feed.follow(followed)))
  }
}
