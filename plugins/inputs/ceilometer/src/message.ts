import { permanent } from '@smart-gateway/sdk'
import type { RecordSink, SeriesTable } from '@smart-gateway/sdk'
import { isJsonObject } from '@smart-gateway/sdk/json'
import { decodeEvent, decodeNotification, isEvent, isNotification } from './event.ts'
import { exactly, parseJson } from './json.ts'
import type { Json } from './json.ts'
import { isMsgpack, parseMsgpack } from './msgpack.ts'
import { unwrap } from './oslo.ts'
import type { Notification } from './oslo.ts'
import { decodeSample, isSample } from './sample.ts'

/**
 * Turns one body into records. It says by itself what it is, whatever its address and its content type: a notification of
 * oslo.messaging, an array from the http publisher, or the msgpack map of one sample. Throws when it is none of these.
 */
export function decodeMessage(body: Buffer, table: SeriesTable, out: RecordSink): void {
  if (body.length === 0) throw permanent('the body is empty')
  if (isMsgpack(body)) {
    const sample = parseMsgpack(body)
    if (!isSample(sample)) throw permanent('the msgpack body is no sample: it has no counter_name')
    decodeSample(sample, undefined, 0, table, out)
    return
  }
  const text = textOf(body)
  if (!startsAsJson.test(text)) {
    throw permanent('the body is neither JSON (an object or an array, in UTF-8) nor a msgpack map')
  }
  const json = parseJson(text, 'the body')
  if (Array.isArray(json.value)) decodeElements(json, itself, undefined, table, out)
  else decodeNotified(unwrap(json), table, out)
}

function textOf(body: Buffer): string {
  const text = body.toString()
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

const startsAsJson = /^\s*[{[]/

function decodeNotified(
  json: Json & { readonly value: Notification },
  table: SeriesTable,
  out: RecordSink,
): void {
  const notification = json.value
  const { payload } = notification
  if (Array.isArray(payload)) {
    if (payload.length === 0) throw permanent('the payload is empty')
    decodeElements(json, payloadOf, notification, table, out)
  } else if (isJsonObject(payload) && Array.isArray(payload.samples)) {
    decodeElements(json, samplesOf, notification, table, out)
  } else if (isJsonObject(payload)) {
    decodeNotification(exactly(json) as Notification, 'the notification', out)
  } else {
    throw permanent('the payload is neither an array nor an object')
  }
}

type Find = (value: unknown) => readonly unknown[]

const itself: Find = (value) => value as readonly unknown[]
const payloadOf: Find = (value) => (value as { payload: readonly unknown[] }).payload
/** ceilometer-polling sends its samples so (`telemetry.polling`). */
const samplesOf: Find = (value) => (value as { payload: { samples: readonly unknown[] } }).payload.samples

function decodeElements(
  json: Json,
  find: Find,
  around: Notification | undefined,
  table: SeriesTable,
  out: RecordSink,
): void {
  const elements = find(json.value)
  let exactElements: readonly unknown[] | undefined
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index]
    if (isSample(element)) {
      decodeSample(element, around, index, table, out)
    } else if (isEvent(element)) {
      // Metrics are doubles anyway; only events keep every digit, so only messages with events pay for it.
      exactElements ??= find(exactly(json))
      decodeEvent(exactElements[index] as typeof element, around, `element ${index}`, out)
    } else if (isNotification(element)) {
      exactElements ??= find(exactly(json))
      decodeNotification(exactElements[index] as typeof element, `element ${index}`, out)
    } else {
      out.reject(
        `element ${index} is neither a sample (with counter_name, or name and volume) nor an event (with traits) nor a notification (with event_type and payload)`,
      )
    }
  }
}
