import type { Counter, Gauge, Health, Logger, Metrics } from '@smart-gateway/sdk'
import type { StoreObserver } from './store.ts'

/** What an operator learns of this output: its metrics, its log lines, its health. */
export interface Account extends StoreObserver {
  readonly series: Gauge
  readonly expired: Counter
  readonly scrapes: Counter
  health(): Health
}

export function createAccount(
  log: Logger,
  metrics: Metrics,
  maxSeries: number,
  clock: () => number,
): Account {
  const stale = metrics.counter(
    'prometheus_stale_samples_total',
    'Samples that were older than the newest one of their series and are not shown.',
  )
  const refused = metrics.counter(
    'prometheus_refused_samples_total',
    'Samples of new series that were refused because the output holds as many series as it may.',
  )
  const conflicts = metrics.counter(
    'prometheus_type_conflicts_total',
    'Series met whose type is not the one that their metric name was first seen with.',
  )
  const full = `holds ${maxSeries} series, its limit; samples of new ones are refused: raise maxSeries or send fewer series`
  let refusedAtMs = -Infinity
  const isRefusing = () => clock() - refusedAtMs < REFUSAL_REMEMBERED_MS

  return {
    series: metrics.gauge('prometheus_series', 'Series that are held for the page.'),
    expired: metrics.counter(
      'prometheus_expired_series_total',
      'Series that were dropped because no sample arrived.',
    ),
    scrapes: metrics.counter('prometheus_scrapes_total', 'Pages that were asked for.'),
    stale: (samples) => stale.inc(samples),
    refused(samples) {
      refused.inc(samples)
      if (!isRefusing()) log.warn(full)
      refusedAtMs = clock()
    },
    conflict(family, type) {
      conflicts.inc()
      if (family.conflictLogged) return
      family.conflictLogged = true
      log.warn(
        { metric: family.name, shownAs: family.type, alsoSentAs: type },
        `${family.name} is sent with two types; it is shown with the first: let its sources agree`,
      )
    },
    health: () => (isRefusing() ? { state: 'degraded', reason: full } : { state: 'ready' }),
  }
}

const REFUSAL_REMEMBERED_MS = 60_000
