import type { Message } from '@smart-gateway/sdk'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import type { Message as AmqpMessage } from 'rhea'

/**
 * Turns an AMQP message into one for an input. Binary and data bodies are handed on as they are, a string as its UTF-8 bytes;
 * lists, maps and other values become JSON. Throws when the body is none of these.
 */
export function toMessage(amqp: AmqpMessage, address: string): Message {
  const { body, json } = bodyOf(amqp.body)
  const contentType: unknown = json ? 'application/json' : amqp.content_type
  const headers = headersOf(amqp)
  return {
    body,
    address,
    ...(typeof contentType === 'string' && { contentType }),
    ...(headers !== undefined && { headers }),
    ...((amqp.delivery_count ?? 0) > 0 && { redelivered: true }),
  }
}

const DATA = 0x75
const EMPTY = Buffer.alloc(0)

/** How rhea gives a body of data or sequence sections: a list of contents when there are several. */
interface Section {
  readonly typecode: number
  readonly content: unknown
  readonly multiple?: boolean
  collect_sections(): void
}

function bodyOf(value: unknown): { body: Buffer; json?: boolean } {
  if (Buffer.isBuffer(value)) return { body: value }
  if (typeof value === 'string') return { body: Buffer.from(value) }
  if (value === undefined || value === null) return { body: EMPTY }
  if (!isSection(value)) return { body: toJson(value), json: true }
  const contents = value.multiple === true ? (value.content as unknown[]) : [value.content]
  if (value.typecode !== DATA) return { body: toJson(contents.flat()), json: true }
  if (!contents.every(Buffer.isBuffer)) throw new Error('a data section holds something else than bytes')
  return { body: contents.length === 1 ? contents[0]! : Buffer.concat(contents) }
}

// What was a map has no functions in it, whatever its keys.
function isSection(value: unknown): value is Section {
  return typeof (value as Section).collect_sections === 'function'
}

function toJson(value: unknown): Buffer {
  return Buffer.from(stringifyExactly(plain(value)))
}

/** A decoded AMQP value as plain data: binary as UTF-8 text, described values as what they describe. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (Buffer.isBuffer(value)) return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if ('toRheaTyped' in value) return plain((value as unknown as { value: unknown }).value)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}

function headersOf({
  subject,
  message_id: messageId,
  application_properties: applicationProperties,
}: AmqpMessage): Record<string, unknown> | undefined {
  if (subject === undefined && messageId === undefined && applicationProperties === undefined)
    return undefined
  return {
    ...(subject !== undefined && { subject: plain(subject) }),
    ...(messageId !== undefined && { messageId: plain(messageId) }),
    ...(applicationProperties !== undefined && {
      applicationProperties: plain(applicationProperties),
    }),
  }
}
