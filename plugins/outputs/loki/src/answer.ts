import { retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'
import type { Answer } from './client.ts'

/**
 * What an answer means for the records that were sent. `refused`: at least one of them is bad, the others may be stored or not.
 * `failed`: it says nothing about the records.
 */
export type Verdict =
  | { readonly kind: 'stored' }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly text: string }
  | { readonly kind: 'failed'; readonly error: PluginError }

/**
 * Reads the answer to a push, with structured metadata in it or not. Whatever does not look like Loki's says nothing about the
 * records: they are kept.
 */
export function judge(url: string, { status, text, headers }: Answer, withMetadata: boolean): Verdict {
  const said = brief(text)
  const failed = (what: string, retryAfter?: number): Verdict => ({
    kind: 'failed',
    error: retryable(`${url} answered ${status}: ${what}`, {
      code: `HTTP_${status}`,
      ...(retryAfter === undefined ? {} : { retryAfter }),
    }),
  })
  if (status === 204 || status === 200) {
    if (isPlainSuccess(text)) return { kind: 'stored' }
    return failed(
      isHtml(text) ? `a web page. ${CHECK_URL}` : `but with a body that Loki does not send: ${said}`,
    )
  }
  if (status === 400 && isHtml(text)) return failed(`a web page. ${CHECK_URL}`)
  if (status === 400 && WANTS_TLS.test(text)) return failed('it speaks TLS. Begin "url" with https://.')
  if (status === 400 && withMetadata && WANTS_NO_METADATA.test(text)) {
    return failed(
      `it takes no structured metadata. Set "structuredMetadata: false", or allow it in Loki. It said: ${said}`,
    )
  }
  if (status === 400 || status === 413 || status === 422)
    return { kind: 'refused', status, reason: said || 'no reason given', text }
  if (status === 429 || status === 408 || status >= 500)
    return failed(said || 'no reason given', retryAfterMs(headers['retry-after']))
  if (status >= 300 && status < 400)
    return failed(`a redirect to ${placeOf(headers['location'])}. ${CHECK_URL}`)
  // What keeps the door may quote the credentials that it was shown.
  if (status === 401 || status === 403 || status === 407) return failed(HINTS[status]!)
  return failed([HINTS[status], said].filter(Boolean).join(' It said: ') || CHECK_URL)
}

const CHECK_URL = 'Check "url": it must be that of Loki itself.'

const HINTS: Readonly<Record<number, string>> = {
  260: 'it blocks ingestion for this tenant.',
  401: 'check "username" and "password", "token", or whether a "tenant" is needed.',
  403: 'check "username" and "password", "token" and "tenant".',
  404: `there is no push API. ${CHECK_URL}`,
  405: `there is no push API. ${CHECK_URL}`,
  407: 'a proxy wants credentials. Pushes must reach Loki without one.',
  415: 'it does not read this "encoding".',
}

/**
 * Loki 2.9 and later say so; before that their JSON parser stumbles, and nothing else that is sent makes it. An answer quotes labels,
 * in which a peer may have written anything: what follows after the last quote, or comes first, is Loki's own.
 */
const WANTS_NO_METADATA = /structured metadata, but this feature is disallowed[^'"]*$|^loghttp\.PushRequest/

/** What the Go library below Loki answers in its place. */
const WANTS_TLS = /^Client sent an HTTP request to an HTTPS server/

const MAX_SAID = 300
const MAX_RETRY_AFTER_MS = 3_600_000

function brief(text: string): string {
  const line = text
    .slice(0, MAX_SAID * 4)
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
  return line.length > MAX_SAID ? `${line.slice(0, MAX_SAID).toWellFormed()}…` : line
}

function isHtml(text: string): boolean {
  return /^\s*</.test(text)
}

function isPlainSuccess(text: string): boolean {
  if (text.trim() === '') return true
  try {
    const body = JSON.parse(text) as unknown
    return typeof body === 'object' && body !== null && !SAYS_ERROR.test(text)
  } catch {
    return false
  }
}

const SAYS_ERROR = /"errors?"|"status"\s*:\s*"(?!success|ok)/i

function retryAfterMs(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined
}

// A location may carry a token in its query.
function placeOf(location: unknown): string {
  const place = typeof location === 'string' ? URL.parse(location) : null
  return place === null ? 'another path' : place.origin
}
