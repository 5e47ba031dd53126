import { permanent } from '@smart-gateway/sdk'
import { isJsonObject } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import { parseJson } from './json.ts'
import type { Json } from './json.ts'

/** A notification of oslo.messaging, as it came: ceilometer's own, or that of any OpenStack service. */
export interface Notification extends JsonObject {
  readonly message_id?: unknown
  readonly publisher_id?: unknown
  readonly event_type?: unknown
  readonly priority?: unknown
  readonly timestamp?: unknown
  readonly payload?: unknown
  readonly metadata?: unknown
}

/**
 * Takes a notification out of its envelope. AMQP 1.0 puts one more (`request`) around it, RabbitMQ does not, and a message
 * of oslo.messaging 1 has none. Throws a permanent error when there is no notification in it.
 */
export function unwrap(body: Json): Json & { readonly value: Notification } {
  const { value } = body
  const outer = isJsonObject(value) && value.request !== undefined ? value.request : value
  if (!isJsonObject(outer))
    throw permanent('the body is neither a notification of oslo.messaging nor an array')
  const text = outer['oslo.message']
  const json = text === undefined && outer === value ? body : parseMessage(text)
  if (!isNotification(json)) {
    throw permanent('the body holds no notification of oslo.messaging: it has no payload')
  }
  return json
}

function isNotification(json: Json): json is Json & { readonly value: Notification } {
  return isJsonObject(json.value) && json.value.payload !== undefined
}

function parseMessage(text: unknown): Json {
  if (typeof text !== 'string') throw permanent('oslo.message is not a string')
  try {
    return parseJson(text, 'oslo.message')
  } catch (error) {
    // Some senders escape the quotes once more than they should.
    const unescaped = text.replaceAll('\\"', '"')
    if (unescaped === text) throw error
    return parseJson(unescaped, 'oslo.message, with its quotes escaped twice,')
  }
}
