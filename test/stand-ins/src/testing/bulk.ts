import type { Elasticsearch } from '../elasticsearch/index.ts'
import { request } from './request.ts'
import type { Reply } from './request.ts'

export interface Item {
  readonly _index: string
  readonly _id: string | null
  readonly status: number
  readonly _version?: number
  readonly result?: string
  readonly error?: {
    readonly type: string
    readonly reason: string
    readonly caused_by?: { readonly type: string; readonly reason: string }
  }
}

export const NDJSON = { 'content-type': 'application/x-ndjson' }

/** Sends a bulk body as it is. */
export const postBulk = (
  store: Elasticsearch,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = NDJSON,
  path = '/_bulk',
): Promise<Reply> => request(store.url + path, { method: 'POST', headers, body })

/** Sends lines (objects become JSON) and returns the items of the answer. */
export async function bulkItems(store: Elasticsearch, ...lines: readonly unknown[]): Promise<Item[]> {
  const body = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
  const reply = await postBulk(store, body)
  const { items } = reply.json<{ items?: Record<string, Item>[] }>()
  if (!items) throw new Error(`The whole request was refused: ${reply.text}`)
  return items.map((item) => Object.values(item)[0] as Item)
}

/** Indexes documents one after the other into `index` and returns the items. */
export const indexAll = (
  store: Elasticsearch,
  index: string,
  ...documents: readonly unknown[]
): Promise<Item[]> =>
  bulkItems(
    store,
    ...documents.flatMap((document, n) => [{ index: { _index: index, _id: String(n) } }, document]),
  )
