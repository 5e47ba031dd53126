import type { RecordSink, Severity } from '@smart-gateway/sdk'
import { isJsonObject, nestsDeeper, parseExactly } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import { parseInstant } from '@smart-gateway/sdk/time'

/** One element with `labels` or `annotations`, as it came: nothing is known about any member yet. */
export interface Notification {
  readonly labels?: unknown
  readonly annotations?: unknown
  readonly startsAt?: unknown
}

/** Whether an element says that it is a notification, a right one or not. */
export function isNotification(element: unknown): element is Notification {
  return isJsonObject(element) && (element.labels !== undefined || element.annotations !== undefined)
}

/** Whether a bare object is the result of a check that collectd-sensubility ran: it always carries a VES event. */
export function isCheckResult(element: unknown): element is Notification {
  return (
    isJsonObject(element) &&
    isJsonObject(element.labels) &&
    isJsonObject(element.annotations) &&
    element.annotations.ves !== undefined
  )
}

/** Puts one event into `out`, or rejects the element. */
export function decodeNotification(notification: Notification, index: number, out: RecordSink): void {
  const { labels, startsAt } = notification
  const annotations = notification.annotations ?? {}
  const reject = (problem: string) => out.reject(`element ${index}: ${problem}`)
  if (!isJsonObject(labels)) return reject('labels is not an object')
  if (!isJsonObject(annotations)) return reject('annotations is not an object')
  const name = nameOf(labels)
  if (name === undefined) return reject('labels has neither alertname nor check')
  if (nestsDeeper(labels, maxDepth) || nestsDeeper(annotations, maxDepth)) {
    return reject(`its fields nest deeper than ${maxDepth} levels`)
  }
  const instant = parseInstant(startsAt)
  out.event({
    index: indexOf(name),
    timeMs: instant?.ms ?? 0,
    timeNs: instant?.ns ?? 0,
    severity: severities.get(labels.severity) ?? 'unknown',
    publisher: isText(labels.instance) ? labels.instance : 'unknown',
    labels,
    annotations: { ...withVes(annotations), source_type: 'collectd', processed_by: 'sg' },
  })
}

const maxDepth = 100

const severities: ReadonlyMap<unknown, Severity> = new Map([
  ['OKAY', 'info'],
  ['WARNING', 'warning'],
  ['FAILURE', 'critical'],
])

function nameOf({ alertname, check }: JsonObject): string | undefined {
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
function withVes(annotations: JsonObject): JsonObject {
  const ves = typeof annotations.ves === 'string' ? parsedVes(annotations.ves) : undefined
  return ves === undefined ? annotations : { ...annotations, ves }
}

function parsedVes(text: string): JsonObject | undefined {
  try {
    const ves = parseExactly(text)
    return isJsonObject(ves) && !nestsDeeper(ves, maxDepth) ? ves : undefined
  } catch {
    return undefined
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
