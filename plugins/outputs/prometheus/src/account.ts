import type { Counter, Gauge, Health, Logger, Metrics } from '@smart-gateway/sdk'
import { MAX_SERIES_BYTES } from './store.ts'
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
    'Samples of series that were refused: the output holds as many as it may, or the series is too long.',
  )
  const conflicts = metrics.counter(
    'prometheus_type_conflicts_total',
    'Series met whose type is not the one that their metric name was first seen with.',
  )
  const full = createRefusal(
    `holds ${maxSeries} series, its limit; samples of new ones are refused: raise maxSeries or send fewer series`,
    clock,
  )
  const oversized = createRefusal(
    `refuses samples of series whose name and labels take more than ${MAX_SERIES_BYTES} bytes: shorten them at their source`,
    clock,
  )

  return {
    series: metrics.gauge('prometheus_series', 'Series that are held for the page.'),
    expired: metrics.counter(
      'prometheus_expired_series_total',
      'Series that were dropped because no sample arrived.',
    ),
    scrapes: metrics.counter('prometheus_scrapes_total', 'Pages that were asked for.'),
    stale: (samples) => stale.inc(samples),
    full(samples) {
      refused.inc(samples)
      if (!full.isRecent()) log.warn(full.reason)
      full.happened()
    },
    oversized(samples, name) {
      refused.inc(samples)
      if (!oversized.isRecent()) log.warn({ metric: name.slice(0, 80) }, oversized.reason)
      oversized.happened()
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
    health() {
      const recent = [full, oversized].filter((refusal) => refusal.isRecent())
      if (recent.length === 0) return { state: 'ready' }
      return { state: 'degraded', reason: recent.map(({ reason }) => reason).join('; ') }
    },
  }
}

interface Refusal {
  readonly reason: string
  happened(): void
  isRecent(): boolean
}

function createRefusal(reason: string, clock: () => number): Refusal {
  let lastAtMs = -Infinity
  return {
    reason,
    happened: () => void (lastAtMs = clock()),
    isRecent: () => clock() - lastAtMs < REFUSAL_REMEMBERED_MS,
  }
}

const REFUSAL_REMEMBERED_MS = 60_000
