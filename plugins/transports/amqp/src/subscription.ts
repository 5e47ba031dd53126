import type { Intake, PluginError, Subscription, SubscriptionContext } from '@smart-gateway/sdk'
import type { Channel } from 'amqplib'
import { ackEveryOf, createConsumer } from './consumer.ts'
import type { Consumer } from './consumer.ts'
import { lostFailure, subscribeFailure } from './failure.ts'
import type { Link } from './link.ts'
import type { SubscriptionOptions } from './options.ts'
import { carryOut, planOf } from './plan.ts'

/** What a subscription needs of its session. */
export interface SubscriptionHost {
  /** The session's own connection, which the first link shares with other subscriptions. */
  readonly main: Link
  /** Opens a further connection. */
  openExtra(lost: (error: Error) => void): Promise<Link>
  /** The subscription holds nothing any more. */
  forget(subscription: AmqpSubscription): void
}

/** A subscription as its session sees it. */
export interface AmqpSubscription extends Subscription {
  /** Sends what is due and lets go of everything but the session's own connection. Calling it twice is fine. */
  end(): Promise<void>
}

interface Lane {
  readonly link: Link
  readonly channel: Channel
  readonly consumer: Consumer
}

/** Looks up or makes what the options name and readies one consumer for each link. Rejects with nothing left behind. */
export async function openSubscription(
  host: SubscriptionHost,
  options: SubscriptionOptions,
  intake: Intake,
  context: SubscriptionContext,
): Promise<AmqpSubscription> {
  const { main } = host
  const { exchange, prefetch, links } = options
  const plan = planOf(options)
  const lanes = new Set<Lane>()
  const extras = new Set<Link>()
  let queue = plan.queue.name
  let failure: Error | undefined
  /** Before and after, a failure is told by the promise of `subscribe` or `start`, or to nobody. */
  let consuming = false

  const subscription: AmqpSubscription = {
    address: `${main.label} ${exchange === undefined ? 'queue' : 'exchange'} "${exchange ?? queue}"`,
    // What is settled and not acknowledged yet counts at the broker still.
    credit: Math.max(1, prefetch - ackEveryOf(prefetch)),
    end,

    async start() {
      await orEnd([...lanes].map((lane) => lane.consumer.start()))
      consuming = true
    },

    async stop() {
      consuming = false
      await Promise.all([...lanes].map((lane) => lane.consumer.stop()))
    },
  }
  await orEnd([openLane(main)])
  await orEnd(Array.from({ length: links - 1 }, openExtraLane))
  return subscription

  async function openLane(link: Link): Promise<void> {
    const channel = await link.openChannel(lost)
    try {
      if (link === main) queue = await carryOut(plan, channel)
      await channel.prefetch(prefetch)
    } catch (error) {
      await link.closeChannel(channel)
      throw error
    }
    const finished = () => void release(lane)
    const consumer = createConsumer({ channel, queue, prefetch, tag: context.input, intake, lost, finished })
    const lane: Lane = { link, channel, consumer }
    lanes.add(lane)
  }

  async function openExtraLane(): Promise<void> {
    const link = await host.openExtra(lost)
    extras.add(link)
    await openLane(link)
  }

  /** Waits for all of it, so that what fails leaves nothing half open. */
  async function orEnd(work: readonly Promise<void>[]): Promise<void> {
    const outcomes = await Promise.allSettled(work)
    const refusal = outcomes.find((outcome) => outcome.status === 'rejected')?.reason as
      | PluginError
      | undefined
    if (refusal === undefined && failure === undefined) return
    await end()
    if (refusal?.retryable === undefined && refusal !== undefined) throw subscribeFailure(main.label, refusal)
    throw refusal ?? failure
  }

  function lost(error: Error): void {
    if (failure !== undefined) return
    failure = lostFailure(`queue "${queue}" at ${main.label}`, error)
    void end()
    if (consuming) intake.fail(failure)
  }

  async function end(): Promise<void> {
    await Promise.all([...lanes].map(release))
    await Promise.all([...extras].map((link) => link.close()))
  }

  async function release(lane: Lane): Promise<void> {
    if (!lanes.delete(lane)) return
    if (lanes.size === 0) host.forget(subscription)
    lane.consumer.end()
    await (lane.link === main ? main.closeChannel(lane.channel) : lane.link.close())
  }
}
