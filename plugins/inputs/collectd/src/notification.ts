import type { RecordSink, Severity } from '@smart-gateway/sdk'
import { parseExactly } from '@smart-gateway/sdk/json'
import { parseTimeMs } from '@smart-gateway/sdk/time'

/** One element with `labels` or `annotations`, as it came: nothing is known about any member yet. */
export interface Notification {
  readonly labels?: unknown
  readonly annotations?: unknown
  readonly startsAt?: unknown
}

type Fields = Readonly<Record<string, unknown>>

/** Whether an element says that it is a notification, a right one or not. */
export function isNotification(element: unknown): element is Notification {
  return isFields(element) && (element.labels !== undefined || element.annotations !== undefined)
}

/** Whether a bare object is the result of a check that collectd-sensubility ran: it always carries a VES event. */
export function isCheckResult(element: unknown): element is Notification {
  return (
    isFields(element) &&
    isFields(element.labels) &&
    isFields(element.annotations) &&
    element.annotations.ves !== undefined
  )
}

/** Puts one event into `out`, or rejects the element. */
export function decodeNotification(notification: Notification, index: number, out: RecordSink): void {
  const { labels, startsAt } = notification
  const annotations = notification.annotations ?? {}
  const reject = (problem: string) => out.reject(`element ${index}: ${problem}`)
  if (!isFields(labels)) return reject('labels is not an object')
  if (!isFields(annotations)) return reject('annotations is not an object')
  const name = nameOf(labels)
  if (name === undefined) return reject('labels has neither alertname nor check')
  if (nestsDeeper(labels, maxDepth) || nestsDeeper(annotations, maxDepth)) {
    return reject(`its fields nest deeper than ${maxDepth} levels`)
  }
  out.event({
    index: indexOf(name),
    timeMs: parseTimeMs(startsAt),
    severity: severities.get(labels.severity) ?? 'unknown',
    publisher: isText(labels.instance) ? labels.instance : 'unknown',
    labels,
    annotations: { ...withVes(annotations), source_type: 'collectd', processed_by: 'sg' },
  })
}

// Whoever serialises the event further on does it recursively, and a stack has an end.
const maxDepth = 100

const severities: ReadonlyMap<unknown, Severity> = new Map([
  ['OKAY', 'info'],
  ['WARNING', 'warning'],
  ['FAILURE', 'critical'],
])

function nameOf({ alertname, check }: Fields): string | undefined {
  if (isText(alertname)) return alertname
  return isText(check) ? check.replaceAll('-', '_') : undefined
}

/** The name without its last part, which says what kind of value it is (`gauge`), unless that is all there is. */
function indexOf(name: string): string {
  const cut = name.lastIndexOf('_')
  const short = cut > prefix.length ? name.slice(0, cut) : name
  const index = short.startsWith(prefix) ? short : prefix + short
  return index.toLowerCase().replaceAll(/\s/g, '_')
}

const prefix = 'collectd_'

/** collectd puts a VES event, which is an object, into a string; what is none stays the string that it is. */
function withVes(annotations: Fields): Fields {
  const ves = typeof annotations.ves === 'string' ? parsedVes(annotations.ves) : undefined
  return ves === undefined ? annotations : { ...annotations, ves }
}

function parsedVes(text: string): Fields | undefined {
  try {
    const ves = parseExactly(text)
    return isFields(ves) && !nestsDeeper(ves, maxDepth) ? ves : undefined
  } catch {
    return undefined
  }
}

function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => nestsDeeper(member, levels - 1))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
