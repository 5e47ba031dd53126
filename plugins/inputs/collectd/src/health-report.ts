import type { RecordSink, SeriesTable } from '@smart-gateway/sdk'
import { isJsonObject } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import { parseTimeMs } from '@smart-gateway/sdk/time'
import type { Notification } from './notification.ts'

/** A result of collectd-sensubility's container check: what its `annotations.output` lists, one entry per container. */
export type HealthReport = readonly unknown[]

/**
 * What a check result says about the health of containers, which makes metrics of it. Undefined for every other one: its
 * output is no list, or nothing in it is a service or its health.
 */
export function healthReportOf({ annotations }: Notification): HealthReport | undefined {
  const output = isJsonObject(annotations) ? annotations.output : undefined
  if (typeof output !== 'string' || !beginsList.test(output)) return undefined
  try {
    const report: unknown = JSON.parse(output)
    return Array.isArray(report) && report.some(isEntry) ? report : undefined
  } catch {
    return undefined
  }
}

/** Puts one sample per entry into `out`, and rejects those without a service or its health. */
export function decodeHealthReport(
  report: HealthReport,
  { labels, startsAt }: Notification,
  index: number,
  table: SeriesTable,
  out: RecordSink,
): void {
  const client = isJsonObject(labels) ? labels.client : undefined
  const timeMs = parseTimeMs(startsAt)
  if (!isName(client)) return out.reject(`element ${index}: labels.client is ${noName}`)
  if (timeMs === 0) return out.reject(`element ${index}: startsAt is missing or no time`)
  for (let i = 0; i < report.length; i++) {
    const entry = report[i]
    const { service, healthy } = isJsonObject(entry) ? entry : nothing
    if (!isName(service)) out.reject(`element ${index}: service of output ${i} is ${noName}`)
    else if (!Number.isFinite(healthy)) out.reject(`element ${index}: healthy of output ${i} is not a number`)
    else out.sample(seriesOf(service, client, table), healthy as number, timeMs)
  }
}

const beginsList = /^\s*\[/
const nothing: JsonObject = {}

function isEntry(entry: unknown): boolean {
  return isJsonObject(entry) && (entry.service !== undefined || entry.healthy !== undefined)
}

// Such a name stays in memory for as long as its series lives, and the key is ambiguous when a part of it holds a NUL.
function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestName && !value.includes('\0')
}

const longestName = 1024
const noName = `missing, not a string, longer than ${longestName} characters or holds a NUL character`

function seriesOf(service: string, client: string, table: SeriesTable) {
  // With its one NUL it cannot be the key of a value list, which has four.
  const key = `${client}\0${service}`
  const [series] =
    table.lookup(key) ??
    table.intern(key, [
      {
        name: 'sensubility_container_health_status',
        labels: { process: service, host: client },
        type: 'gauge',
        intervalMs: 0,
      },
    ])
  return series!
}
