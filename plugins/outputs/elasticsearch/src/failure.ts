import { retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'
import { isJsonObject } from '@smart-gateway/sdk/json'
import type { Answer } from './store.ts'

// The client's errors hold the request with its Authorization header: none of them is a `cause`.

/** That no connection could be made, or that it ended before the answer. */
export function connectFailure(node: string, reason: string): PluginError {
  const hint = HINTS.find(([sign]) => sign.test(reason))?.[1]
  const code = /\bE[A-Z_]{4,}\b/.exec(reason)?.[0]
  // Node gives a host name with several addresses an AggregateError, which has no message.
  const what = short(withoutPlaces(reason)) || 'no address of its host takes a connection'
  return retryable(
    `No answer from ${node}: ${what}.${hint === undefined ? '' : ` ${hint}`}`,
    code === undefined ? {} : { code },
  )
}

/** That a node did not answer in time. */
export function silentFailure(node: string, ms: number): PluginError {
  return retryable(
    `No answer from ${node} within ${ms} ms. If it is merely slow, raise "requestTimeoutMs".`,
    { code: 'ETIMEDOUT' },
  )
}

/** That something else than Elasticsearch answered. */
export function foreignFailure(node: string, status = 0): PluginError {
  return retryable(
    `${node} answered ${status} without the header X-Elastic-Product. Is that Elasticsearch 7.14 or newer, and nothing before it that answers in its place?`,
    { code: 'NOT_ELASTICSEARCH' },
  )
}

/** That an answer came which cannot be understood. */
export function unreadableFailure(node: string, reason: string): PluginError {
  return retryable(
    `The answer of ${node} cannot be read: ${short(reason)}. Is that Elasticsearch, and nothing between that changes its answers?`,
    { code: 'BAD_ANSWER' },
  )
}

/** That the session was told to leave. */
export function stopped(node: string): PluginError {
  return retryable(`The output was stopped before ${node} answered`)
}

/** That a whole request was not carried out. It says nothing about the records in it. */
export function refusal({ status, headers, body, node }: Answer): PluginError {
  const { retryAfter, code } = { retryAfter: retryAfterMs(headers), code: `HTTP_${status}` }
  return retryable(`${node} answered ${status}${saying(body)}. ${advice(status, headers)}`.trim(), {
    code,
    ...(retryAfter > 0 && { retryAfter }),
  })
}

/** What Elasticsearch says about a failure: its type and reason and the cause underneath, cut to a length fit for a log. */
export function reasonOf(error: unknown): string {
  if (typeof error === 'string') return short(error)
  if (!isJsonObject(error)) return ''
  const cause = isJsonObject(error['caused_by']) ? error['caused_by'] : undefined
  const parts = [error, cause].map((one) =>
    [one?.['type'], one?.['reason']].filter((part) => typeof part === 'string').join(': '),
  )
  return short(parts.filter((part) => part !== '').join('; caused by '))
}

/** Milliseconds that the peer asks to wait, an hour at most; 0 when it does not say. */
export function retryAfterMs(headers: Answer['headers']): number {
  const value = headers['retry-after']
  if (typeof value !== 'string') return 0
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return ms > 0 ? Math.min(ms, MOST_RETRY_AFTER_MS) : 0
}

const HINTS: readonly (readonly [sign: RegExp, hint: string])[] = [
  [/ECONNREFUSED/, 'Is Elasticsearch running, and is that its port?'],
  [/ENOTFOUND|EAI_AGAIN/, 'Does the host name resolve here?'],
  [
    /Connect Timeout|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    'Is the host right, and does a firewall let the gateway through?',
  ],
  [/altnames/, 'The certificate bears another name: set "tls.servername" to it.'],
  [/certificate required|bad certificate|unknown ca/i, 'Does it ask for a certificate ("tls.cert")?'],
  [/self-signed|unable to (get|verify)|certificate/, 'Name the file of its authority under "tls.ca".'],
  [/wrong version number|packet length|EPROTO/i, 'Does it speak TLS at that port?'],
  [/other side closed|ECONNRESET|hang up/, 'It closed the connection; does it want https://?'],
]

// OpenSSL's texts: the thread, codes, function and source file around the reason.
function withoutPlaces(reason: string): string {
  return reason.replace(OPENSSL, '$1')
}

const OPENSSL = /[\dA-F]+:error:[\dA-F]+:[^:]*:[^:]*:([^:]+):\S*/g

function saying(body: unknown): string {
  const reason = isJsonObject(body) ? reasonOf(body['error']) : ''
  if (reason !== '') return ` (${reason})`
  return typeof body === 'string' && /^\s*</.test(body) ? ' with an HTML page' : ''
}

function advice(status: number, headers: Answer['headers']): string {
  if (status >= 300 && status < 400)
    return `It points to ${placeOf(headers['location'])}: write the node that answers itself.`
  if (status === 401) return 'Check the user and the password, or the API key.'
  if (status === 403) return 'Give the user or the API key the privileges that the README lists.'
  if (status === 404 || status === 405)
    return headers['x-elastic-product'] === undefined
      ? 'This is not Elasticsearch, which says so in the header X-Elastic-Product: check the host, the port and the path.'
      : 'Does the URL end before the path /_bulk?'
  if (status === 429 || status >= 500) return 'The batch is written again.'
  return 'Is that Elasticsearch, and nothing before it that answers in its place?'
}

function placeOf(location: unknown): string {
  const url = typeof location === 'string' ? URL.parse(location) : null
  if (url !== null) return `${url.protocol}//${url.host}${url.pathname}`
  return typeof location === 'string' && location.startsWith('/')
    ? short(location.split('?')[0]!)
    : 'another place'
}

const MOST_RETRY_AFTER_MS = 3_600_000
const MOST_CHARACTERS = 500

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line
}
