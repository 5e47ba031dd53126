import type { JsonSchema } from '@smart-gateway/sdk'

/** The texts in `value` under keys that its schema marks as secret with `writeOnly`, and the passwords inside any URL. */
export function secretsIn(schema: JsonSchema | undefined, value: unknown): readonly string[] {
  const keys = secretKeys(schema ?? {})
  const secrets = new Set<string>()
  const gather = (part: unknown, secret: boolean): void => {
    if (typeof part === 'string') {
      if (secret && !isBareAddress(part)) secrets.add(part)
      for (const password of passwordsIn(part)) secrets.add(password)
    } else if (typeof part === 'object' && part !== null) {
      for (const [key, inner] of Object.entries(part)) gather(inner, secret || keys.has(key))
    }
  }
  gather(value, keys.has(WHOLE))
  return [...secrets]
}

/** Hides secrets in a text. */
export class Scrubber {
  readonly #secrets = new Set<string>()

  add(secrets: readonly string[]): void {
    for (const secret of secrets) {
      // Shorter ones would blot out ordinary words; nobody calls them secret.
      if (secret.length < 4) continue
      this.#secrets.add(secret)
      // As it stands in a JSON line, in a URL, and in a reason, which is one line.
      this.#secrets.add(JSON.stringify(secret).slice(1, -1))
      this.#secrets.add(encodeURIComponent(secret.toWellFormed()))
      this.#secrets.add(secret.replaceAll(/\s*\n\s*/g, ' '))
      for (const encoded of inBase64(secret)) this.#secrets.add(encoded)
    }
  }

  scrub(text: string): string {
    let scrubbed = text
    for (const secret of this.#secrets)
      if (scrubbed.includes(secret)) scrubbed = scrubbed.replaceAll(secret, '[secret]')
    return scrubbed
  }
}

/** Fewer letters would be found in what is no secret. */
const MIN_BASE64 = 6

/**
 * A secret as it may stand within something longer in base64, `Basic user:password` say: it depends on how many bytes come before it,
 * and letters in which these or the bytes after it have a part are left out.
 */
function inBase64(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)]
    if (to - from < MIN_BASE64) return []
    return [bytes.toString('base64').slice(from, to), bytes.toString('base64url').slice(from, to)]
  })
}

/** A URL is marked for what it may hold; when that is no more than an address, an error that names it is worth more. */
function isBareAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { username, password, pathname, search, hash } = new URL(text)
  return username + password + search + hash === '' && ['', '/'].includes(pathname)
}

const WHOLE = ''

/** Names of keys that are marked anywhere in a schema, inside alternatives and references too: one too many is better than one missed. */
function secretKeys(root: JsonSchema): ReadonlySet<string> {
  const keys = new Set<string>()
  const followed = new Set<string>()
  const visit = (part: unknown, key: string): void => {
    if (typeof part !== 'object' || part === null) return
    const { properties, $ref, writeOnly, ...rest } = part as JsonSchema
    if (writeOnly === true) keys.add(key)
    for (const [name, inner] of Object.entries(properties ?? {})) visit(inner, name)
    for (const inner of Object.values(rest)) visit(inner, key)
    if (typeof $ref !== 'string' || followed.has(`${key} ${$ref}`)) return
    followed.add(`${key} ${$ref}`)
    visit(referred(root, $ref), key)
  }
  visit(root, WHOLE)
  return keys
}

function referred(root: JsonSchema, reference: string): unknown {
  let found: unknown = root
  for (const part of reference.split('/').slice(1))
    found = (found as Record<string, unknown> | undefined)?.[part]
  return found
}

function passwordsIn(text: string): readonly string[] {
  const password = URL.canParse(text) ? new URL(text).password : ''
  if (password === '') return []
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    // It holds a percent sign that encodes nothing.
    return [password]
  }
}
