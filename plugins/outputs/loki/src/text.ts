import { stringifyExactly } from '@smart-gateway/sdk/json'

/** A label's value as text: '' for what is absent, JSON for what has parts. Throws when it nests too deeply. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed()
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? stringifyExactly(value).toWellFormed() : String(value)
}

/** The beginning of a text that fits into so many bytes of UTF-8; the text itself when all of it does. */
export function cutToBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (isContinuation(bytes[end]!)) end -= 1
  return bytes.toString('utf8', 0, end)
}

/**
 * A name that Loki admits: `_` for every character that it does not, one `_` before a digit and no `__` at the beginning, which
 * is Loki's own.
 */
export function safeName(name: string): string {
  return name
    .slice(0, MAX_NAME_BYTES - 1)
    .replace(/[^a-zA-Z0-9_]/g, '_')
    .replace(/^(?=\d|$)/, '_')
    .replace(/^__+/, '_')
}

const MAX_NAME_BYTES = 1024

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}
