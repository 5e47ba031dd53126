import type { ItemFault } from '../faults.ts'
import { parseBulk } from './bulk.ts'
import type { BulkAction, BulkDefaults } from './bulk.ts'
import { JsonError, parseJson, plain } from '../json.ts'
import { Refusal, refuse } from './refusal.ts'
import type { ErrorCause } from './refusal.ts'
import { newId } from './write.ts'
import type { Writer, Written } from './write.ts'

/** One item of a bulk request, as a rule of `fail()` sees it. */
export interface BulkItem {
  readonly operation: BulkAction['operation']
  readonly index: string
  /** Undefined when Elasticsearch is to make one. */
  readonly id: string | undefined
  /** Undefined for a delete, and for a line that is not JSON. */
  readonly document: unknown
}

/** The `_bulk` answer. */
export interface BulkAnswer {
  readonly errors: boolean
  readonly took: number
  readonly items: readonly Readonly<Record<string, BulkItemAnswer>>[]
}

export type BulkItemAnswer =
  | (Written & { readonly _shards?: unknown })
  | {
      readonly _index: string
      readonly _id: string | null
      readonly status: number
      readonly error: ErrorCause
    }

/** Does all actions in order. Throws the refusal of the whole request before anything is stored. */
export function bulk(
  body: Buffer,
  defaults: BulkDefaults,
  writer: Writer,
  refuseItem: ItemFault<BulkItem>['items'],
  major: number,
): BulkAnswer {
  const actions = parseBulk(body, defaults)
  const startedAt = performance.now()
  let errors = false
  const items = actions.map((action, n) => {
    const answer = answerTo(action, n, writer, refuseItem)
    errors ||= 'error' in answer
    return { [action.operation]: major >= 8 ? answer : { ...answer, _type: '_doc' } }
  })
  return { errors, took: Math.round(performance.now() - startedAt), items }
}

function answerTo(
  action: BulkAction,
  n: number,
  writer: Writer,
  refuseItem: ItemFault<BulkItem>['items'],
): BulkItemAnswer {
  let name = action.index
  let id = action.id ?? null
  try {
    const { operation, index } = action
    const item = {
      operation,
      index,
      id: action.id,
      get document() {
        return documentOf(action)
      },
    }
    const told = refuseItem(item, n)
    if (told) throw refuse(told.status, told.type ?? 'stand_in_exception', told.reason)
    const target = writer.target(action)
    name = target.concreteName
    id ??= newId()
    const written = writer.write(action, target, id)
    return written.result === 'noop' ? written : { ...written, _shards: SHARDS }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { _index: name, _id: id, status: error.status, error: error.error }
  }
}

const SHARDS = { total: 2, successful: 1, failed: 0 }

function documentOf({ source }: BulkAction): unknown {
  if (source.length === 0) return undefined
  try {
    const [node] = parseJson(source).nodes
    return node && plain(node)
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}
