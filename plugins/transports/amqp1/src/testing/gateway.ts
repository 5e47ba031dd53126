import type { Intake, Message, Subscription, TransportSession } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import type { TestContext } from '@smart-gateway/sdk/testing'
import amqp1 from '../index.ts'
import type { SubscriptionOptions, TransportOptions } from '../options.ts'

/** An intake whose messages get their fate when the test says so. */
export interface TestIntake extends Intake {
  readonly messages: Message[]
  readonly failures: Error[]
  /** The fates that are still open, in order. */
  readonly open: PromiseWithResolvers<void>[]
  /** Settles everything that is open, and from now on what comes. */
  settleAll(): void
}

export function testIntake(settle = true): TestIntake {
  let settles = settle
  const intake: TestIntake = {
    messages: [],
    failures: [],
    open: [],
    full: false,
    room: async () => {},
    fail: (error) => void intake.failures.push(error),
    deliver(message) {
      intake.messages.push(message)
      if (settles) return Promise.resolve()
      const fate = Promise.withResolvers<void>()
      intake.open.push(fate)
      return fate.promise
    },
    settleAll() {
      settles = true
      for (const fate of intake.open.splice(0)) fate.resolve()
    },
  }
  return intake
}

export interface Opened {
  readonly context: TestContext<TransportOptions>
  readonly session: TransportSession<SubscriptionOptions>
  /** The port that was bound, of a listener. */
  readonly port: number
  subscribe(
    address: string | readonly string[],
    intake: Intake,
    more?: Partial<SubscriptionOptions> & { input?: string },
  ): Promise<Subscription>
}

/** Opens the transport with the defaults that the host fills in. */
export async function openTransport(options: Partial<TransportOptions>): Promise<Opened> {
  const context = testContext<TransportOptions>(
    { maxMessageBytes: 4_194_304, heartbeatMs: 10_000, connectTimeoutMs: 5000, ...options },
    'edge',
  )
  const session = await amqp1.open(context)
  return {
    context,
    session,
    port: Number(/:(\d+)$/.exec(session.address ?? '')?.[1] ?? 0),
    async subscribe(address, intake, { input = 'collectd', ...more } = {}) {
      const wanted = { address, prefetch: 1000, settle: 'unsettled', ...more } as const
      return session.subscribe(wanted, intake, { input, log: context.log })
    },
  }
}

/** A listener on a free port with one started subscription. */
export async function listening(
  address: string | readonly string[],
  intake: Intake,
  options: { maxMessageBytes?: number; listen?: object; prefetch?: number } = {},
): Promise<Opened & { readonly subscription: Subscription }> {
  const { listen = {}, prefetch = 1000, ...more } = options
  const opened = await openTransport({ listen: { host: '127.0.0.1', port: 0, ...listen }, ...more })
  const subscription = await opened.subscribe(address, intake, { prefetch })
  await subscription.start()
  return { ...opened, subscription }
}

/** Waits for a condition, with a deadline. */
export async function until(condition: () => unknown, what: string, deadlineMs = 5000): Promise<void> {
  const start = performance.now()
  while (!condition()) {
    if (performance.now() - start > deadlineMs) throw new Error(`waited ${deadlineMs} ms for ${what}`)
    await new Promise((resolve) => void setImmediate(resolve))
  }
}
