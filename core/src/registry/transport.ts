import type { TransportDefinition, TransportSession } from '@smart-gateway/sdk'
import type { TransportSpec } from '../config/configuration.ts'
import type { Host } from '../host/host.ts'
import type { Feed } from './feed.ts'
import type { Generation } from './generation.ts'
import { Instance } from './instance.ts'
import type { Followed, Place } from './place.ts'
import type { Status } from './states.ts'

type Live = Generation<TransportDefinition, TransportSession>

/** A transport and the feeds that subscribe on it; they follow it from generation to generation. */
export class Transport {
  readonly instance: Instance<TransportDefinition, TransportSession>
  readonly #feeds = new Set<Feed>()
  #spec: TransportSpec
  #followed: Followed | undefined
  /** Where the feeds are subscribed beside, for a generation that is ready. */
  readonly #prepared = new WeakMap<Live, ReadonlyMap<Feed, Place | undefined>>()
  /** What a generation that was replaced has brought and is not settled yet. */
  #left: readonly Place[] = []

  constructor(spec: TransportSpec, host: Host) {
    this.#spec = spec
    this.instance = new Instance('transport', spec, host, {
      extra: () => ({}),
      imported() {},
      ready: (next, before, signal) => this.#ready(next, before, signal),
      attach: (next, before, signal) => (before === undefined ? this.#begin(next) : this.#move(next, signal)),
      drain: async (_, graceMs) => {
        const late = AbortSignal.timeout(graceMs)
        await Promise.all(this.#left.map((place) => place.drain(late)))
        this.#left = []
      },
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

  /** Has every feed subscribe on the first session, or on one whose predecessor was lost while it was made ready. */
  async #begin(next: Live): Promise<void> {
    await Promise.all([...(this.#prepared.get(next)?.values() ?? [])].map((place) => place?.stop()))
    await this.#follow(followedOf(next))
  }

  /** Subscribes every feed on the next session too: what its peer refuses is known while the old session still works. */
  async #ready(next: Live, before: Live | undefined, signal: AbortSignal): Promise<void> {
    if (before === undefined) return
    const followed = followedOf(next)
    const places = new Map<Feed, Place | undefined>()
    this.#prepared.set(next, places)
    await all([...this.#feeds].map(async (feed) => places.set(feed, await feed.prepare(followed, signal))))
  }

  /**
   * Has every feed go over to the next session: where peers send again, the old subscription ends first, so that no message
   * overtakes another; where they do not, the new one is there first, so that none is missed.
   */
  async #move(next: Live, signal: AbortSignal): Promise<void> {
    const followed = followedOf(next)
    const places = this.#prepared.get(next)
    const feeds = [...this.#feeds]
    const moves = await Promise.all(feeds.map((feed) => feed.move(followed, places?.get(feed))))
    try {
      await all(moves.map((move) => move.start(signal)))
    } catch (error) {
      await Promise.all(moves.map((move) => move.goBack()))
      throw error
    }
    next.activate()
    this.#followed = followed
    await Promise.all(moves.map((move) => move.settle()))
    this.#left = moves.flatMap(({ before }) => before ?? [])
    // Those that came while the others went over.
    await Promise.all(
      [...this.#feeds].filter((feed) => !feeds.includes(feed)).map((feed) => feed.follow(followed)),
    )
  }
}

function followedOf({ session, isOver, definition: { subscription, redelivers } }: Live): Followed {
  return { session, isOver, schema: subscription, redelivers }
}

/** Resolves when all have; rejects with the first failure, but only when every one has ended. */
async function all(work: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(work)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
