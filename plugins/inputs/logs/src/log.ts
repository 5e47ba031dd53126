import type { LogRecord } from '@smart-gateway/sdk'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import { indexNamer } from './index-name.ts'
import { instantOf } from './instant.ts'
import { nestsDeeper } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import { severityIn, severityOf } from './severity.ts'

/** Which field is what, and what to make of it. */
export interface LogFormat {
  readonly messageField: string
  readonly timestampField: string
  readonly hostnameField: string
  readonly severityField: string
  readonly correctSeverity: boolean
  readonly indexPrefix: string
}

/** Makes a record of a line's fields or, where that cannot be done, says why. */
export type ReadLog = (fields: JsonObject) => LogRecord | string

/** Makes a reader of lines in one format. */
export function logReader(format: LogFormat): ReadLog {
  const { messageField, timestampField, hostnameField, severityField, correctSeverity } = format
  const nameIndex = indexNamer(format.indexPrefix)
  return (fields) => {
    let message: unknown
    let timestamp: unknown
    let host: unknown
    let level: unknown
    const labels: Record<string, unknown> = {}
    // One pass that copies all but two: rest syntax takes as long, and `delete` would turn the object into a slow one.
    for (const key in fields) {
      const value = fields[key]
      if (typeof value === 'object' && nestsDeeper(value, maxDepth - 1)) return tooDeep
      if (key === hostnameField) host = value
      if (key === severityField) level = value
      if (key === messageField) message = value
      else if (key === timestampField) timestamp = value
      else if (key === '__proto__') define(labels, key, value)
      else labels[key] = value
    }
    const text = textOf(message)
    if (text === undefined) return missing('messageField', messageField)
    if (isAbsent(host)) return missing('hostnameField', hostnameField)
    const publisher = nameOf(host)
    if (publisher === undefined) return `the field "${hostnameField}" holds no name of a host`
    if (isAbsent(timestamp)) return missing('timestampField', timestampField)
    const instant = instantOf(timestamp)
    return {
      index: nameIndex(publisher, instant),
      timeMs: instant?.ms ?? 0,
      timeNs: instant?.ns ?? 0,
      severity: (correctSeverity ? severityIn(text) : undefined) ?? severityOf(level),
      publisher,
      labels,
      message: text,
    }
  }
}

// Whoever serialises the record further on does it recursively, and a stack has an end.
const maxDepth = 100
const tooDeep = `its fields nest deeper than ${maxDepth} levels`

/** Assigning to it would set the prototype instead. */
function define(labels: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(labels, key, { value, configurable: true, enumerable: true, writable: true })
}

/** A structured message is handed on as the JSON text that it was. */
function textOf(message: unknown): string | undefined {
  if (typeof message === 'string') return message
  if (isAbsent(message)) return undefined
  return stringifyExactly(message)
}

function nameOf(host: unknown): string | undefined {
  if (host === '') return 'unknown'
  if (typeof host === 'string') return host
  return typeof host === 'number' || typeof host === 'bigint' ? String(host) : undefined
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function missing(option: string, field: string): string {
  return `the field "${field}" is missing (option ${option})`
}
