import { permanent } from '@smart-gateway/sdk'
import type { Context } from '@smart-gateway/sdk'
import type { TransportOptions } from './options.ts'
import { readPem } from './pem.ts'
import { clientMechanisms } from './sasl.ts'
import type { Mechanisms } from './sasl.ts'

/** Where and how to connect. */
export interface Target {
  /** The peer's URL without user and password: the only form that may be shown. */
  readonly label: string
  readonly host: string
  readonly port: number
  /** Undefined for a connection that is not encrypted. */
  readonly tls: Record<string, string | Buffer> | undefined
  readonly mechanisms: Mechanisms
  readonly heartbeatMs: number
  readonly timeoutMs: number
  readonly maxMessageBytes: number
}

/** Reads the options and the files that they name. Rejects with what is wrong with them. */
export async function readTarget(context: Context<TransportOptions>, url: string): Promise<Target> {
  const { username, password, tls = {}, heartbeatMs, connectTimeoutMs, maxMessageBytes } = context.options
  const parts = parse(url)
  const encrypted = parts.protocol === 'amqps:'
  if (context.options.tls !== undefined && !encrypted) {
    throw permanent('"tls" is given, but "url" begins with amqp://, which is not encrypted. Write amqps://.')
  }
  const { servername, ...files } = tls
  const host = parts.hostname.replace(/^\[|\]$/g, '')
  const user = username ?? decode(parts.username)
  return {
    label: `${parts.protocol}//${parts.host}`,
    host,
    port: parts.port === '' ? (encrypted ? 5671 : 5672) : Number(parts.port),
    tls: encrypted
      ? { ...(servername !== undefined && { servername }), ...(await readPem(files, 'tls', context)) }
      : undefined,
    mechanisms: clientMechanisms({
      certified: files.cert !== undefined,
      ...(user !== '' && { username: user, password: password ?? decode(parts.password) }),
    }),
    heartbeatMs,
    timeoutMs: connectTimeoutMs,
    maxMessageBytes,
  }
}

// The errors of `new URL` and `decodeURIComponent` carry what they were given, which may hold the password: they are no `cause`.
function parse(url: string): URL {
  const parts = URL.parse(url)
  if (parts === null)
    throw permanent('"url" is not a URL. Write amqp://host:port, and percent-encode user and password.')
  return parts
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw permanent(
      'The user or the password in "url" is not percent-encoded. Use "username" and "password" instead.',
    )
  }
}
