import { permanent, retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'
import type { Answer } from './answer.ts'

/**
 * What one post came to. `refused`: this Alertmanager dislikes what it was sent, trying the same again is no use. `failed`: it
 * may work another time.
 */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly error: PluginError }
  | { readonly kind: 'failed'; readonly error: PluginError; readonly timedOut?: boolean }

/** Judges an answer. A word is taken for Alertmanager's only if it has Alertmanager's form: a proxy answers 200 and 400 too. */
export function judge(url: string, answer: Answer): Verdict {
  const { status, body } = answer
  const said = saidBy(body)
  if (status >= 200 && status < 300) {
    if (said.kind === 'nothing') return { kind: 'accepted' }
    const what =
      said.kind === 'error' ? `with an error inside: ${said.text}` : `with what is not its own: ${said.text}`
    return failed(`${url} answers ${status} ${what}${said.kind === 'other' ? NOT_IT : ''}`, answer)
  }
  if (status === 413 || ((status === 400 || status === 422) && said.kind === 'error')) {
    const error = permanent(`${url} refuses the alert (HTTP ${status})${quote(said)}`, {
      code: `HTTP_${status}`,
    })
    return { kind: 'refused', error }
  }
  if (status >= 300 && status < 400) {
    const to = answer.location === undefined ? 'nowhere' : withoutQuery(answer.location)
    return failed(
      `${url} answers with a redirect (HTTP ${status}) to ${to}. Is that a login? Or name the new address in "urls".`,
      answer,
    )
  }
  return failed(`${url} answers HTTP ${status}${quote(said)}${HINTS[status] ?? ''}`, answer)
}

type Said =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'other'; readonly text: string }

/** Alertmanager says nothing when all is well, else JSON: a string, or an object with a message. */
function saidBy(body: string): Said {
  const text = excerpt(body)
  if (text === '') return { kind: 'nothing' }
  const value = parsed(body)
  if (typeof value === 'string') return { kind: 'error', text: excerpt(value) }
  if (typeof value !== 'object' || value === null) return { kind: 'other', text }
  const { status, error, message } = value as Readonly<Record<string, unknown>>
  const complaint = error ?? message ?? (status === 'error' ? text : undefined)
  if (complaint !== undefined)
    return { kind: 'error', text: typeof complaint === 'string' ? excerpt(complaint) : text }
  return status === 'success' ? { kind: 'nothing' } : { kind: 'other', text }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function failed(message: string, { status, retryAfterMs }: Answer): Verdict {
  const details = { code: `HTTP_${status}`, ...(retryAfterMs && { retryAfter: retryAfterMs }) }
  return { kind: 'failed', error: retryable(message, details) }
}

function quote(said: Said): string {
  return said.kind === 'nothing' ? '' : `: ${said.text}`
}

function excerpt(text: string): string {
  const line = text
    .slice(0, 4 * EXCERPT_CHARACTERS)
    .replaceAll(/\s+/g, ' ')
    .trim()
  return line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS)}…` : line
}

function withoutQuery(location: string): string {
  return excerpt(location.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//'))
}

const EXCERPT_CHARACTERS = 200

const NOT_IT = '. Is a proxy or something else at that address?'
const CREDENTIALS = '. Check "username" and "password", or "token".'
const HINTS: Readonly<Record<number, string>> = {
  401: CREDENTIALS,
  403: CREDENTIALS,
  404: '. "urls" takes Alertmanager\'s address with its path prefix, if it has one, and without /api/v2/alerts.',
  405: '. Is that Alertmanager?',
}
