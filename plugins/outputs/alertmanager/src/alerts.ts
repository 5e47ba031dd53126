import type { EventRecord } from '@smart-gateway/sdk'
import { identityOf, labelsOf, textsOf } from './labels.ts'
import type { Texts } from './labels.ts'
import type { Raised } from './raised.ts'

/** One alert as Alertmanager's API takes it. */
export interface Alert {
  readonly labels: Texts
  readonly annotations: Texts
  readonly startsAt?: string
  readonly endsAt?: string
  readonly generatorURL?: string
}

/**
 * The alerts to post for one event. Alertmanager knows an alert by all of its labels, collectd's `severity` included: what an
 * OKAY ends has the same labels with another severity, and what gets worse or better is another alert than before.
 */
export function alertsOf(event: EventRecord, raised: Raised, generatorURL?: string): readonly Alert[] {
  const labels = labelsOf(event)
  const { startsAt, endsAt } = timesOf(event)
  const about = { annotations: textsOf(event.annotations), ...(generatorURL && { generatorURL }) }
  const fired: Alert = { labels, ...about, ...(startsAt && { startsAt }) }
  const ended = (severity: string): Alert => ({ labels: { ...labels, severity }, ...about, endsAt })

  const { severity } = labels
  if (severity !== OKAY && !STATES.includes(severity)) return [fired]
  const identity = identityOf(labels)
  const before = raised.get(identity)
  if (severity === OKAY) {
    raised.set(identity, undefined)
    // Both, whatever is remembered: the alert may be another gateway's, or older than this process.
    return STATES.map(ended)
  }
  raised.set(identity, severity)
  // Only what is known to have been raised: Alertmanager tells receivers of every ended alert beside one that fires.
  return before === undefined || before === severity ? [fired] : [ended(before), fired]
}

const OKAY = 'OKAY'
const STATES: readonly string[] = ['WARNING', 'FAILURE']

/**
 * Never later than now: an end in the future would let Alertmanager show the alert as active until then, and it refuses a start
 * that lies further ahead than its resolve_timeout.
 */
function timesOf({ timeMs, timeNs = 0 }: EventRecord): { startsAt: string | undefined; endsAt: string } {
  const now = Date.now()
  if (!(timeMs > 0)) return { startsAt: undefined, endsAt: rfc3339(now, 0) }
  const time = timeMs < now ? rfc3339(timeMs, timeNs) : rfc3339(now, 0)
  return { startsAt: time, endsAt: time }
}

function rfc3339(ms: number, ns: number): string {
  const text = new Date(ms).toISOString()
  return ns === 0 ? text : `${text.slice(0, -1)}${String(ns).padStart(6, '0')}Z`
}
