import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { JsonSchema } from '@smart-gateway/sdk'

/** A file that options name and whose content matters to the plugin: a certificate, a key. */
export interface ContentFile {
  /** Absolute. */
  readonly path: string
  /** Of its content; empty when it cannot be read. */
  readonly sha256: string
}

/** The files that stand in `value` under keys which its schema marks with the format `file`, with what they hold now. */
export function filesIn(
  schema: JsonSchema | undefined,
  value: unknown,
  folder: string,
): readonly ContentFile[] {
  const keys = fileKeys(schema ?? {})
  const paths = new Set<string>()
  const gather = (part: unknown, isFile: boolean): void => {
    if (typeof part === 'string') {
      if (isFile) paths.add(resolve(folder, part))
    } else if (typeof part === 'object' && part !== null) {
      for (const [key, inner] of Object.entries(part))
        gather(inner, Array.isArray(part) ? isFile : keys.has(key))
    }
  }
  gather(value, false)
  return [...paths].map((path) => ({ path, sha256: digestOf(path) }))
}

/** The names of keys that are marked anywhere in a schema. */
function fileKeys(schema: JsonSchema): ReadonlySet<string> {
  const keys = new Set<string>()
  const visit = (part: unknown, key: string): void => {
    if (typeof part !== 'object' || part === null) return
    const { format, properties, ...rest } = part as JsonSchema
    if (format === 'file') keys.add(key)
    for (const [name, inner] of Object.entries(properties ?? {})) visit(inner, name)
    for (const inner of Object.values(rest)) visit(inner, key)
  }
  visit(schema, '')
  return keys
}

function digestOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    return ''
  }
}
