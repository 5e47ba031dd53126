import type { Context, TransportSession } from '@smart-gateway/sdk'
import { openLink } from './link.ts'
import type { ConnectionOptions, SubscriptionOptions } from './options.ts'
import { openSubscription } from './subscription.ts'
import type { AmqpSubscription } from './subscription.ts'
import { readTarget } from './target.ts'

/** Connects to the broker. A connection that is lost later is reported to the host, which opens a new session. */
export async function openSession(
  context: Context<ConnectionOptions>,
): Promise<TransportSession<SubscriptionOptions>> {
  const { signal } = context
  const target = await readTarget(context)
  const subscriptions = new Set<AmqpSubscription>()
  let stopping: Promise<unknown> | undefined

  const main = await openLink(target, signal, (error) => {
    for (const subscription of subscriptions) void subscription.end()
    context.fail(error)
  })

  return {
    async subscribe(options, intake, subscriber) {
      const subscription = await openSubscription(
        {
          main,
          openExtra: (lost) => openLink(target, signal, lost),
          forget: (forgotten) => void subscriptions.delete(forgotten),
        },
        options,
        intake,
        subscriber,
      )
      subscriptions.add(subscription)
      if (stopping !== undefined) await subscription.end()
      return subscription
    },

    async stop() {
      // Subscriptions send what is due before the connection closes under them.
      await (stopping ??= Promise.all([
        ...[...subscriptions].map((subscription) => subscription.end()),
        main.close(),
      ]))
    },
  }
}
