import { readFile } from 'node:fs/promises'
import type { Options, SocketOptions } from 'amqplib'
import { permanent } from '@smart-gateway/sdk'
import type { Context } from '@smart-gateway/sdk'
import type { ConnectionOptions } from './options.ts'

/** Where and how to connect, as amqplib takes it. */
export interface Target {
  /** The broker's URL without user and password: the only form that may be shown. */
  readonly label: string
  readonly connect: Options.Connect
  readonly socket: SocketOptions
  readonly timeoutMs: number
}

/** Reads the options and the files that they name. Rejects with what is wrong with them. */
export async function readTarget(context: Context<ConnectionOptions>): Promise<Target> {
  const { url, username, password, tls, heartbeatMs, connectTimeoutMs } = context.options
  const parts = parse(url)
  if (tls !== undefined && parts.protocol !== 'amqps:') {
    throw permanent('"tls" is given, but "url" begins with amqp://, which is not encrypted. Write amqps://.')
  }
  const label = `${parts.protocol}//${parts.host}${parts.pathname || '/'}`
  const login = parts.username === '' && parts.password === '' ? GUEST : parts
  return {
    label,
    timeoutMs: connectTimeoutMs,
    connect: {
      protocol: parts.protocol.slice(0, -1),
      hostname: parts.hostname.replace(/^\[|\]$/g, ''),
      ...(parts.port === '' ? {} : { port: Number(parts.port) }),
      username: username ?? decode(login.username),
      password: password ?? decode(login.password),
      vhost: parts.pathname.slice(1),
      heartbeat: heartbeatMs / 1000,
    },
    socket: {
      noDelay: true,
      clientProperties: { connection_name: `smart-gateway ${context.name}` },
      ...(await readTls(tls, context)),
    },
  }
}

const GUEST = { username: 'guest', password: 'guest' }

// The errors of `new URL` and `decodeURIComponent` carry what they were given, which may hold the password: they are no `cause`.
function parse(url: string): URL {
  const parts = URL.parse(url)
  if (parts === null)
    throw permanent('"url" is not a URL. Write amqp://host:port/vhost, and percent-encode user and password.')
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

async function readTls(
  tls: ConnectionOptions['tls'],
  context: Context<ConnectionOptions>,
): Promise<SocketOptions> {
  if (tls === undefined) return {}
  const read = async (key: 'ca' | 'cert' | 'key') => {
    const path = tls[key]
    if (path === undefined) return {}
    const file = context.resolvePath(path)
    try {
      return { [key]: await readFile(file, { signal: context.signal }) }
    } catch (cause) {
      throw permanent(
        `"tls.${key}" cannot be read: ${(cause as Error).message}. Correct the path or the file's rights.`,
        { cause },
      )
    }
  }
  const { servername } = tls
  const files = await Promise.all([read('ca'), read('cert'), read('key')])
  return Object.assign(servername === undefined ? {} : { servername }, ...files) as SocketOptions
}
