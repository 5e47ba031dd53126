import type { Context, Health, TransportSession } from '@smart-gateway/sdk'
import { within } from './deadline.ts'
import { dial } from './dial.ts'
import { loadOf } from './load.ts'
import { creditOf } from './lane.ts'
import { addressesOf } from './options.ts'
import type { SubscriptionOptions, TransportOptions } from './options.ts'
import { openLink } from './subscription.ts'
import type { ClientSubscription } from './subscription.ts'
import { readTarget } from './target.ts'

const SETTLE_MS = 2000

/** Connects to a broker or router. A connection that is lost later is reported to the host, which opens a new session. */
export async function openClient(
  context: Context<TransportOptions>,
  url: string,
): Promise<TransportSession<SubscriptionOptions>> {
  const target = await readTarget(context, url)
  const load = loadOf(context.metrics)
  const links = new Set<ClientSubscription>()
  let health: Health = { state: 'ready' }
  let stopping: Promise<void> | undefined

  const line = await dial(target, context.name, context.signal, (error) => {
    health = { state: 'degraded', reason: `not connected to ${target.label}` }
    for (const link of links) link.end()
    context.fail(error)
  })

  return {
    address: line.label,

    async subscribe(options, intake, { input }) {
      const { maxMessageBytes } = context.options
      const wanted = { line, options, input, maxMessageBytes, intake, load }
      const addresses = addressesOf(options)
      const outcomes = await Promise.allSettled(addresses.map((address) => openLink({ ...wanted, address })))
      const opened = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      const refusal = outcomes.find((outcome) => outcome.status === 'rejected')
      const stop = async (): Promise<void> => {
        await Promise.all(opened.map((link) => link.stop()))
        for (const link of opened) void link.idle().then(() => links.delete(link))
      }
      if (refusal !== undefined) {
        await stop()
        throw refusal.reason
      }
      for (const link of opened) links.add(link)
      return {
        address: addresses.map((address) => `${line.label}/${address.replace(/^\//, '')}`).join(', '),
        credit: creditOf(options.prefetch),
        start() {
          for (const link of opened) link.start()
        },
        stop,
      }
    },

    health: () => health,

    async stop() {
      await (stopping ??= stop())
    },
  }

  async function stop(): Promise<void> {
    for (const link of links) void link.stop()
    await within(SETTLE_MS, Promise.all(Array.from(links, (link) => link.idle())))
    await line.close()
  }
}
