import { permanent } from '@smart-gateway/sdk'
import type { RecordSink, SeriesTable } from '@smart-gateway/sdk'
import { holdsRounded, parseExactly } from '@smart-gateway/sdk/json'
import { decodeHealthReport, healthReportOf } from './health-report.ts'
import { decodeNotification, isCheckResult, isNotification } from './notification.ts'
import { decodeValueList, isValueList } from './value-list.ts'

/**
 * Turns one body into records. Each element says by itself what it is, whatever the address: collectd's write_http posts
 * value lists and notifications to the same URL. Throws when the body is not a JSON array.
 */
export function decodeMessage(body: Buffer, table: SeriesTable, out: RecordSink): void {
  if (body.length === 0) throw permanent('the body is empty')
  const text = body.toString()
  const elements = elementsOf(text, JSON.parse)
  let exactElements: readonly unknown[] | undefined
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index]
    if (isValueList(element)) {
      decodeValueList(element, index, table, out)
      continue
    }
    if (!isNotification(element)) {
      out.reject(`element ${index} is neither a value list (with values) nor a notification (with labels)`)
      continue
    }
    const report = healthReportOf(element)
    if (report !== undefined) {
      decodeHealthReport(report, element, index, table, out)
      continue
    }
    // Metrics are doubles anyway; only events keep every digit.
    if (holdsRounded(element)) exactElements ??= elementsOf(text, parseExactly)
    decodeNotification((exactElements?.[index] ?? element) as typeof element, index, out)
  }
}

function elementsOf(text: string, parse: (text: string) => unknown): readonly unknown[] {
  const parsed = parseWith(parse, text)
  if (Array.isArray(parsed)) return parsed
  // collectd-sensubility sends its results bare; anything else bare is no message of collectd's.
  if (isCheckResult(parsed)) return [parsed]
  if (isNotification(parsed) && healthReportOf(parsed) !== undefined) return [parsed]
  throw permanent('the body is not a JSON array')
}

function parseWith(parse: (text: string) => unknown, text: string): unknown {
  try {
    return parse(text)
  } catch (cause) {
    // V8 names the position or quotes about 20 characters around it, never the whole body.
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw permanent(`the body is not JSON: ${reason}; collectd has to send with Format "JSON"`, { cause })
  }
}
