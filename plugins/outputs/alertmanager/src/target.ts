import { readFile } from 'node:fs/promises'
import { permanent } from '@smart-gateway/sdk'
import type { Context } from '@smart-gateway/sdk'
import type { AlertmanagerOptions } from './options.ts'

/** Where to post, and how. */
export interface Target {
  /** Alertmanagers' addresses, without a secret. */
  readonly urls: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly ca: Buffer | undefined
  readonly timeoutMs: number
}

/** Reads the options and the file that they name. Rejects with what is wrong with them. */
export async function readTarget(context: Context<AlertmanagerOptions>): Promise<Target> {
  const { urls, timeoutMs, tls } = context.options
  const addresses = urls.map(addressOf)
  if (tls !== undefined && !addresses.some((url) => url.startsWith('https:')))
    throw permanent('"tls" is given, but no url begins with https://. Write https://, or leave "tls" out.')
  return {
    urls: addresses,
    headers: authorization(context.options),
    ca: tls && (await readCa(tls.ca, context)),
    timeoutMs,
  }
}

// `new URL` puts what it was given into its error, which may hold a password.
function addressOf(url: string): string {
  const parts = URL.parse(url)
  if (parts === null) throw permanent('"urls" has one that is not a URL. Write http://host:port.')
  if (parts.username + parts.password !== '')
    throw permanent(
      `"urls" has a user or a password before ${parts.host}. Give them as "username" and "password".`,
    )
  return parts.origin + parts.pathname.replace(/\/+$/, '')
}

function authorization({ username, password, token }: AlertmanagerOptions): Record<string, string> {
  if (token !== undefined && username !== undefined)
    throw permanent('"token" and "username" are both given. Leave one of them out.')
  if (token !== undefined) return { authorization: `Bearer ${token}` }
  if (username === undefined) return {}
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

async function readCa(path: string, { resolvePath, signal }: Context): Promise<Buffer> {
  try {
    return await readFile(resolvePath(path), { signal })
  } catch (cause) {
    throw permanent(
      `"tls.ca" cannot be read: ${(cause as Error).message}. Correct the path or the file's rights.`,
      { cause },
    )
  }
}
