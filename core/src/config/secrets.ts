import type { JsonSchema } from '@smart-gateway/sdk'

/** The values in `value` that its schema marks as secret with `writeOnly`, and the passwords inside URLs among them. */
export function secretsIn(schema: JsonSchema | undefined, value: unknown): readonly string[] {
  if (schema === undefined) return []
  if (schema.writeOnly === true) return stringsIn(value)
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(schema.items, item))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const rest = schema.additionalProperties
    return secretsIn(schema.properties?.[key] ?? (typeof rest === 'object' ? rest : undefined), item)
  })
}

/** Hides secrets in a text. */
export class Scrubber {
  readonly #secrets = new Set<string>()

  add(secrets: readonly string[]): void {
    // Shorter ones would blot out ordinary words; nobody calls them secret.
    for (const secret of secrets) if (secret.length >= 4) this.#secrets.add(secret)
  }

  scrub(text: string): string {
    let scrubbed = text
    for (const secret of this.#secrets)
      if (scrubbed.includes(secret)) scrubbed = scrubbed.replaceAll(secret, '[secret]')
    return scrubbed
  }
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(stringsIn)
  if (typeof value !== 'string') return []
  const password = URL.canParse(value) ? new URL(value).password : ''
  return password === '' ? [value] : [value, password, decodeURIComponent(password)]
}
