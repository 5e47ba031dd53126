import { readFileSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import type { Document, Path } from './document.ts'

/** What a reference could not be replaced with, and where it stands. */
export interface MissingReference {
  readonly path: Path
  readonly message: string
}

/** A document's value with every reference replaced. */
export interface Resolved {
  readonly value: unknown
  readonly missing: readonly MissingReference[]
  /** The files that were read, absolute. */
  readonly files: readonly string[]
}

const REFERENCE = /\$(\$)?\{([^}]*)\}/g
const WHOLE_REFERENCE = /^\$\{[^}]*\}$/

/**
 * Replaces `${NAME}` by an environment variable and `${file:PATH}` by a file's content (without its last newline) in every
 * string; `$${` stays `${`. An unquoted scalar that is one whole reference is typed after it is replaced.
 */
export function resolveReferences(
  document: Document,
  folder: string,
  environment: NodeJS.ProcessEnv,
): Resolved {
  const missing: MissingReference[] = []
  const files: string[] = []

  const replaceIn = (text: string, path: Path): unknown => {
    const replaced = text.replace(REFERENCE, (_, escaped: string | undefined, name: string) => {
      if (escaped !== undefined) return `\${${name}}`
      return name.startsWith('file:') ? fileContent(name.slice(5), path) : variable(name, path)
    })
    return WHOLE_REFERENCE.test(text) && document.isPlain(path) ? typed(replaced) : replaced
  }
  const variable = (name: string, path: Path): string => {
    const value = environment[name]
    if (value === undefined) missing.push({ path, message: `the environment variable ${name} is not set` })
    return value ?? ''
  }
  const fileContent = (name: string, path: Path): string => {
    const file = isAbsolute(name) ? name : resolve(folder, name)
    try {
      const content = readFileSync(file, 'utf8')
      files.push(file)
      return content.replace(/\r?\n$/, '')
    } catch (error) {
      missing.push({
        path,
        message: `the file ${name} cannot be read (${(error as NodeJS.ErrnoException).code})`,
      })
      return ''
    }
  }
  return { value: mapStrings(document.value, [], replaceIn), missing, files }
}

function mapStrings(value: unknown, path: Path, replace: (text: string, path: Path) => unknown): unknown {
  if (typeof value === 'string') return value.includes('${') ? replace(value, path) : value
  if (Array.isArray(value)) return value.map((item, i) => mapStrings(item, [...path, i], replace))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapStrings(item, [...path, key], replace)]),
  )
}

function typed(text: string): unknown {
  if (/^(true|false)$/.test(text)) return text === 'true'
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text
}
