import type { Message, Series } from '@smart-gateway/sdk'
import { KeepingSink } from '../host/sink.ts'
import { notTried } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'

/** What decoding one message gave. */
export interface Decoded {
  readonly sink: KeepingSink
  readonly returned: unknown
  /** What was thrown; undefined when nothing was. */
  readonly thrown: { readonly error: unknown } | undefined
}

/** Decodes as the gateway does: what comes after `decode` has returned is late. */
export function decode(session: AnySession, message: Message): Decoded {
  const sink = new KeepingSink()
  try {
    const returned: unknown = session.decode!(message, sink)
    return { sink, returned, thrown: undefined }
  } catch (error) {
    return { sink, returned: undefined, thrown: { error } }
  } finally {
    sink.closed = true
  }
}

export function messageOf(body: string | Buffer, contentType?: string): Message {
  return {
    body: Buffer.from(body),
    ...(contentType !== undefined && { contentType }),
    address: 'conformance',
  }
}

/** The definition's example as a message. */
export function exampleOf(subject: Subject): Message {
  const { definition } = subject
  const example = definition.kind === 'input' ? definition.example : undefined
  if (example === undefined) notTried('its definition has no example to decode', 'example')
  return messageOf(example.body, example.contentType)
}

/** What is not as the contract describes records, or undefined. */
export function flawOfRecords({ samples, events, logs }: KeepingSink): string | undefined {
  for (const { series, value, timeMs } of samples) {
    const flaw = flawOfSeries(series)
    if (flaw !== undefined) return flaw
    if (typeof value !== 'number') return `the value of ${series.name} is ${typeof value} ${String(value)}`
    if (!isTime(timeMs)) return `the time of ${series.name} is ${String(timeMs)}`
  }
  for (const record of [...events, ...logs]) {
    const { index, timeMs, timeNs = 0, severity, publisher, labels, id } = record
    if (typeof index !== 'string' || index === '') return `a record has the index ${JSON.stringify(index)}`
    if (!isTime(timeMs)) return `a record has the time ${String(timeMs)}`
    if (!Number.isInteger(timeNs) || timeNs < 0 || timeNs > 999_999) return `a record has timeNs ${timeNs}`
    if (!SEVERITIES.has(severity)) return `a record has the severity ${String(severity)}`
    if (typeof publisher !== 'string' || publisher === '') return 'a record has no publisher'
    if (typeof labels !== 'object' || labels === null) return 'a record has no labels'
    if (id !== undefined && typeof id !== 'string') return `a record has the id ${String(id)}`
  }
  const event = events.find(({ annotations }) => typeof annotations !== 'object' || annotations === null)
  if (event !== undefined) return 'an event has no annotations'
  const bad = events.find(({ index }) => /\s/.test(index) || index !== index.toLowerCase())
  if (bad !== undefined) return `an event has the index ${JSON.stringify(bad.index)}: lower case, no spaces`
  if (logs.some(({ message }) => typeof message !== 'string')) return 'a log line has no message'
  return undefined
}

const SEVERITIES: ReadonlySet<string> = new Set(['unknown', 'debug', 'info', 'warning', 'critical'])

function isTime(timeMs: unknown): boolean {
  return typeof timeMs === 'number' && Number.isFinite(timeMs) && timeMs >= 0
}

function flawOfSeries({ name, labels, type, intervalMs }: Series): string | undefined {
  if (typeof name !== 'string' || name === '') return 'a series has no name'
  if (!['counter', 'gauge', 'untyped'].includes(type)) return `${name} has the type ${String(type)}`
  if (!isTime(intervalMs)) return `${name} has the interval ${String(intervalMs)}`
  if (typeof labels !== 'object' || labels === null) return `${name} has no labels`
  const label = Object.entries(labels).find(([, value]) => typeof value !== 'string')
  return label === undefined ? undefined : `the label ${label[0]} of ${name} is ${typeof label[1]}`
}
