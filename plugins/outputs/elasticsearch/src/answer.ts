import { permanent, retryable } from '@smart-gateway/sdk'
import type { PluginError, Rejection } from '@smart-gateway/sdk'
import { isJsonObject } from '@smart-gateway/sdk/json'
import { reasonOf, refusal, retryAfterMs, unreadableFailure } from './failure.ts'
import type { Line } from './lines.ts'
import type { Answer } from './store.ts'

/** What became of a bulk request. */
export type Verdict =
  | { readonly kind: 'done'; readonly rejected: readonly Rejection[] }
  /** Nothing was stored, because of one of the records or because they are too many. */
  | { readonly kind: 'refused'; readonly error: PluginError; readonly tooLarge: boolean }

/** Reads the answer to a bulk request. Throws, always retryable, when it says nothing about the records. */
export function judge(answer: Answer, lines: readonly Line[]): Verdict {
  const { status, body, node } = answer
  if (status === 413) {
    const error = permanent(`${node} answered 413: the record is larger than the server takes`, {
      code: 'HTTP_413',
    })
    return { kind: 'refused', error, tooLarge: true }
  }
  // A proxy's 400 is HTML or text, and is not about the records.
  if (status === 400 && isJsonObject(body) && isJsonObject(body['error'])) {
    const error = permanent(`${node} answered 400: ${reasonOf(body['error'])}`, { code: 'HTTP_400' })
    return { kind: 'refused', error, tooLarge: false }
  }
  if (status !== 200) throw refusal(answer)
  return { kind: 'done', rejected: rejections(itemsOf(answer, lines.length), lines, answer) }
}

interface Item {
  readonly status: number
  readonly error?: unknown
}

function itemsOf({ body, node }: Answer, expected: number): readonly Item[] {
  const items = isJsonObject(body) ? body['items'] : undefined
  if (!Array.isArray(items)) {
    const inside = isJsonObject(body) ? reasonOf(body['error']) : ''
    throw unreadableFailure(node, `200 without items${inside === '' ? '' : `, but with ${inside}`}`)
  }
  if (items.length !== expected)
    throw unreadableFailure(node, `${items.length} items for ${expected} records`)
  return items.map((item: unknown) => {
    const result = isJsonObject(item) ? item['create'] : undefined
    if (!isJsonObject(result) || typeof result['status'] !== 'number')
      throw unreadableFailure(node, 'an item without a status')
    return { status: result['status'], error: result['error'] }
  })
}

function rejections(items: readonly Item[], lines: readonly Line[], answer: Answer): Rejection[] {
  // One error for all that fail alike: a store that is full says the same of a thousand records.
  const errors = new Map<string, PluginError>()
  const rejected: Rejection[] = []
  for (const [i, item] of items.entries()) {
    if (isStored(item)) continue
    const message = `${answer.node} answered ${item.status} for a record: ${reasonOf(item.error)}`
    const error = errors.get(message) ?? itemError(item.status, message, answer)
    errors.set(message, error)
    rejected.push({ index: lines[i]!.index, error })
  }
  return rejected
}

// A document with that id is there: it was sent before.
function isStored({ status, error }: Item): boolean {
  return (
    (status >= 200 && status < 300) ||
    (status === 409 && isJsonObject(error) && error['type'] === 'version_conflict_engine_exception')
  )
}

/**
 * A store that is full or fails passes. What is left is about the record, or about its index alone: one that is read-only, or
 * not the user's, must not hold up the others for ever. A user who may write nowhere is refused as a whole, which is tried again.
 */
function itemError(status: number, message: string, { headers }: Answer): PluginError {
  const details = { code: `HTTP_${status}` }
  const isRecords = status >= 400 && status < 500 && !PASSING.has(status)
  if (isRecords) return permanent(message, details)
  const retryAfter = retryAfterMs(headers)
  return retryable(message, { ...details, ...(retryAfter > 0 && { retryAfter }) })
}

const PASSING: ReadonlySet<number> = new Set([408, 409, 429])
