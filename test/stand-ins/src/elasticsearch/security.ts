import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from './refusal.ts'

/** Who is let in. */
export type AuthOptions =
  | { readonly basic: { readonly user: string; readonly password: string } }
  /** Encoded API keys, as `Authorization: ApiKey <key>` carries them. */
  | { readonly apiKeys: readonly string[] }

/** The headers of a 401, which its body repeats. */
export const CHALLENGES = [
  'Basic realm="security", charset="UTF-8"',
  'Bearer realm="security"',
  'ApiKey',
] as const

/** Refuses a request that does not show the credentials. */
export function checkCredentials(auth: AuthOptions, headers: IncomingHttpHeaders, uri: string): void {
  const given = headers.authorization
  if (given === undefined) throw unauthorized(`missing authentication credentials for REST request [${uri}]`)
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(.*)$/.exec(given) ?? []
  if (/^basic$/i.test(scheme)) {
    const [user = '', password] = splitOnce(Buffer.from(credentials, 'base64').toString())
    if ('basic' in auth && user === auth.basic.user && password === auth.basic.password) return
    throw unauthorized(`unable to authenticate user [${user}] for REST request [${uri}]`)
  }
  if (/^apikey$/i.test(scheme) && 'apiKeys' in auth && auth.apiKeys.includes(credentials)) return
  throw unauthorized(
    `unable to authenticate with provided credentials and anonymous access is not allowed for this request`,
  )
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf(':')
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

const unauthorized = (reason: string): Refusal =>
  new Refusal(401, { type: 'security_exception', reason, header: { 'WWW-Authenticate': CHALLENGES } })
