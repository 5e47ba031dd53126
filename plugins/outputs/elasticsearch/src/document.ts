import type { EventRecord, LogRecord } from '@smart-gateway/sdk'
import { stringifyExactly } from '@smart-gateway/sdk/json'

/** The JSON of an event. Throws on what JSON cannot hold: a time outside the calendar, thousands of nested levels. */
export function eventDocument(event: EventRecord): string {
  const time = timeOf(event)
  return stringifyExactly({
    '@timestamp': time,
    event_type: 'event',
    generated: time,
    severity: event.severity,
    publisher: event.publisher,
    labels: event.labels,
    annotations: event.annotations,
  })
}

/** The JSON of a log line; its labels are all texts, and `severity` among them is the severity's name. Throws as above. */
export function logDocument(log: LogRecord): string {
  const labels: Record<string, unknown> = { ...log.labels, severity: log.severity }
  for (const name in labels) {
    const value = labels[name]
    if (typeof value !== 'string') labels[name] = stringifyExactly(value)
  }
  return JSON.stringify({
    '@timestamp': timeOf(log),
    severity: log.severity,
    publisher: log.publisher,
    labels,
    message: log.message,
  })
}

// A record without a time gets the time of writing: Elasticsearch takes no document without one into a data stream.
function timeOf({ timeMs, timeNs = 0 }: EventRecord | LogRecord): string {
  const time = new Date(timeMs === 0 ? Date.now() : timeMs).toISOString()
  return timeNs === 0 ? time : `${time.slice(0, -1)}${String(timeNs).padStart(6, '0')}Z`
}
