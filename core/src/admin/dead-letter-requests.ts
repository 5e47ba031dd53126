import { isJsonObject } from '@smart-gateway/sdk/json'
import type { Page } from '../dead-letters/letter-file.ts'
import type { Letter, Selection } from '../dead-letters/letter.ts'

/** A request that cannot be understood; the message says what would be right. */
export class BadRequest extends Error {}

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 1000

/** Reads `?limit=&after=&instance=&kind=`. */
export function asPage({ limit, after, instance, kind }: Readonly<Record<string, string>>): Page {
  return {
    limit: Math.min(MAX_LIMIT, wholeNumber('limit', limit) ?? DEFAULT_LIMIT),
    after: wholeNumber('after', after),
    instance,
    kind: asKind(kind),
  }
}

/** Reads `{"ids": [1, 2]}` or `{"all": true, "instance": "name", "kind": "record"}`. */
export function asSelection(request: unknown): Selection {
  if (!isJsonObject(request)) throw new BadRequest(WHICH)
  const { ids, all, instance, kind } = request
  if (ids === undefined && all === true) {
    if (instance !== undefined && typeof instance !== 'string') throw new BadRequest(WHICH)
    return { all, instance, kind: asKind(kind) }
  }
  const isId = (id: unknown): id is number => Number.isSafeInteger(id)
  if (
    !Array.isArray(ids) ||
    all !== undefined ||
    instance !== undefined ||
    kind !== undefined ||
    !ids.every(isId)
  )
    throw new BadRequest(WHICH)
  return { ids }
}

/** Reads `{"force": true}`. */
export function asReplayOptions(request: unknown): { readonly force: boolean } {
  return { force: isJsonObject(request) && request['force'] === true }
}

const WHICH =
  'say which letters are meant: {"ids": [1, 2]}, or {"all": true} with "instance" and "kind" where only some are'

function asKind(kind: unknown): Letter['kind'] | undefined {
  if (kind === undefined || kind === 'message' || kind === 'record') return kind
  throw new BadRequest('kind is message or record')
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new BadRequest(`${name} is a whole number from 1 on`)
  return Number(text)
}
