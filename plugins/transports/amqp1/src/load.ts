import type { Metrics } from '@smart-gateway/sdk'

/** What the lanes of a transport count. */
export interface Load {
  /** A message of so many bytes came in, or left if negative. */
  held(bytes: number): void
  /** A pre-settled message came in: its sender cannot send it again. */
  presettled(): void
  /** A pre-settled message was not accepted. */
  lost(): void
}

/** Counts under the instance's name; `held` is for whoever bounds memory. */
export function loadOf(metrics: Metrics, held: (bytes: number) => void = () => undefined): Load {
  const presettled = metrics.counter(
    'amqp1_presettled_messages_total',
    'Messages that were sent settled: their sender cannot send them again.',
  )
  const lost = metrics.counter(
    'amqp1_lost_messages_total',
    'Messages that were sent settled and could not be accepted.',
  )
  return { held, presettled: () => presettled.inc(), lost: () => lost.inc() }
}
