import { readFile } from 'node:fs/promises'
import type { ClientOptions } from '@elastic/elasticsearch'
import { permanent } from '@smart-gateway/sdk'
import type { Context } from '@smart-gateway/sdk'
import type { ElasticsearchOptions } from './options.ts'

/** Where the store is and how to log in there, as its client takes it. */
export interface Target {
  /** The nodes' URLs without user and password: the only form that may be shown. */
  readonly label: string
  readonly nodes: string[]
  readonly auth?: NonNullable<ClientOptions['auth']>
  readonly tls: NonNullable<ClientOptions['tls']>
}

/** Reads the options and the files that they name. Rejects with what is wrong with them. */
export async function readTarget(context: Context<ElasticsearchOptions>): Promise<Target> {
  const { options } = context
  const urls = (options.nodes ?? [options.node ?? '']).map(parse)
  if (options.tls !== undefined && urls.some((url) => url.protocol !== 'https:')) {
    throw permanent('"tls" is given, but a node begins with http://, which is not encrypted. Write https://.')
  }
  const nodes = urls.map((url) => `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`)
  const auth = credentials(options, urls)
  return {
    label: nodes.join(', '),
    nodes,
    ...(auth && { auth }),
    tls: await readTls(options.tls, context),
  }
}

// The errors of `new URL` and `decodeURIComponent` carry what they were given, which may hold the password: they are no `cause`.
function parse(node: string): URL {
  const url = URL.parse(node)
  if (url === null)
    throw permanent('A node is not a URL. Write http://host:9200, and percent-encode user and password.')
  return url
}

function credentials(options: ElasticsearchOptions, urls: readonly URL[]): Target['auth'] {
  const { apiKey, username, password } = options
  const url = urls.find((one) => one.username !== '')
  if (apiKey !== undefined && url !== undefined)
    throw permanent('There is an "apiKey" and a user in a node\'s URL. Leave one of them out.')
  if (apiKey !== undefined) return { apiKey }
  if (username !== undefined && password !== undefined) return { username, password }
  return url && { username: decode(url.username), password: decode(url.password) }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw permanent(
      'The user or the password in a node\'s URL is not percent-encoded. Use "username" and "password" instead.',
    )
  }
}

async function readTls(
  tls: ElasticsearchOptions['tls'],
  context: Context<ElasticsearchOptions>,
): Promise<Target['tls']> {
  const read = async (key: 'ca' | 'cert' | 'key') => {
    const path = tls?.[key]
    if (path === undefined) return {}
    try {
      return { [key]: await readFile(context.resolvePath(path), { signal: context.signal }) }
    } catch (cause) {
      throw permanent(
        `"tls.${key}" cannot be read: ${(cause as Error).message}. Correct the path or the file's rights.`,
        { cause },
      )
    }
  }
  const files = await Promise.all([read('ca'), read('cert'), read('key')])
  return Object.assign(tls?.servername === undefined ? {} : { servername: tls.servername }, ...files)
}
