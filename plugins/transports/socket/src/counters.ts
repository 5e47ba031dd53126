import type { Counter, Metrics } from '@smart-gateway/sdk'

/** What the transport counts beside what the host does. */
export interface Counters {
  readonly datagramsDropped: Counter
  readonly messagesLost: Counter
  readonly connectionsRefused: Counter
  readonly connectionsCut: Counter
}

export function countersOf(metrics: Metrics): Counters {
  return {
    datagramsDropped: metrics.counter(
      'datagrams_dropped_total',
      'Datagrams that did not become messages.',
      REASON,
    ),
    messagesLost: metrics.counter('messages_lost_total', 'Messages that nobody sends again.', REASON),
    connectionsRefused: metrics.counter(
      'connections_refused_total',
      'TCP connections beyond maxConnections.',
    ),
    connectionsCut: metrics.counter(
      'connections_cut_total',
      'TCP connections that the transport closed.',
      REASON,
    ),
  }
}

const REASON = ['reason'] as const
