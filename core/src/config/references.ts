import { readFileSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { defineScalarTag, NOT_RESOLVED } from 'js-yaml'
import type { Path } from './document.ts'

/** What a reference could not be replaced with, and where it stands. */
export interface MissingReference {
  readonly path: Path
  readonly message: string
}

/** A configuration with every reference replaced. */
export interface Resolved {
  readonly value: unknown
  readonly missing: readonly MissingReference[]
  /** The files that were read, or should have been: absolute, each with where it is named. */
  readonly files: readonly { readonly path: Path; readonly file: string }[]
}

/** A scalar written without quotes that is one whole reference. It stays that wherever an alias or a merge key carries it. */
class Reference {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  /** As JSON it stays what it is: a text would be typed no more. */
  toJSON(): object {
    return { [IN_JSON]: this.text }
  }
}

const IN_JSON = '$reference'

function isReference(value: object): value is Reference | { readonly [IN_JSON]: string } {
  if (value instanceof Reference) return true
  const [key, ...others] = Object.keys(value)
  return (
    key === IN_JSON && others.length === 0 && typeof (value as { [IN_JSON]: unknown })[IN_JSON] === 'string'
  )
}

/** Tells whole references from other scalars while YAML is read. */
export const referenceTag = defineScalarTag('!reference', {
  implicit: true,
  implicitFirstChars: ['$'],
  resolve: (text) => (/^\$\{[^}]*\}$/.test(text) ? new Reference(text) : NOT_RESOLVED),
  identify: () => false,
})

const REFERENCE = /\$\$\{|\$\{([^}]*)(\})?/g
/** Far more than any configuration: aliases of aliases, or an alias that holds itself, would unfold without end. */
const MAX_VALUES = 100_000
const MAX_DEPTH = 200

/**
 * Replaces `${NAME}` by an environment variable and `${file:PATH}` by a file's content (without its last newline) in every
 * string; `$${` stays `${`. An unquoted scalar that is one whole reference is typed after it is replaced.
 */
export function resolveReferences(value: unknown, folder: string, environment: NodeJS.ProcessEnv): Resolved {
  const missing: MissingReference[] = []
  const files: { path: Path; file: string }[] = []
  let values = 0

  const resolved = (given: unknown, path: Path): unknown => {
    if (++values > MAX_VALUES || path.length > MAX_DEPTH) {
      if (!missing.some(({ path: at }) => at.length === 0)) missing.push({ path: [], message: TOO_MUCH })
      return undefined
    }
    if (typeof given === 'string') return replaceIn(given, path)
    if (Array.isArray(given)) return given.map((item, i) => resolved(item, [...path, i]))
    if (typeof given === 'object' && given !== null && isReference(given))
      return typed(replaceIn('text' in given ? given.text : given[IN_JSON], path))
    if (typeof given === 'object' && given !== null)
      return Object.fromEntries(
        Object.entries(given).map(([key, item]) => [key, resolved(item, [...path, key])]),
      )
    if (typeof given === 'function' || typeof given === 'symbol' || typeof given === 'bigint')
      missing.push({ path, message: `must be plain data, not a ${typeof given}` })
    return given
  }
  const replaceIn = (text: string, path: Path): string =>
    text.replaceAll(REFERENCE, (found, name: string | undefined, end: string | undefined) => {
      if (name === undefined) return '${'
      if (end !== undefined)
        return name.startsWith('file:') ? fileContent(name.slice(5), path) : variable(name, path)
      missing.push({ path, message: 'has a reference "${" without its "}"; a plain "${" is written "$${"' })
      return found
    })
  const variable = (name: string, path: Path): string => {
    const found = Object.hasOwn(environment, name) ? environment[name] : undefined
    if (found !== undefined) return found
    const isName = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    missing.push({ path, message: isName ? `the environment variable ${name} is not set` : NO_NAME })
    return ''
  }
  const fileContent = (name: string, path: Path): string => {
    const file = isAbsolute(name) ? name : resolve(folder, name)
    files.push({ path, file })
    try {
      const content = readFileSync(file, 'utf8')
      return content.replace(/\r?\n$/, '')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      missing.push({ path, message: `the file ${name} cannot be read (${code})` })
      return ''
    }
  }
  return { value: resolved(value, []), missing, files }
}

const TOO_MUCH = `holds more than ${MAX_VALUES} values or is deeper than ${MAX_DEPTH} once its aliases are unfolded`

// What stands there is not shown: it may be a secret, as in `${PASSWORD:-secret}`.
const NO_NAME = 'has a reference that is neither ${NAME}, an environment variable, nor ${file:PATH}'

function typed(text: string): unknown {
  if (/^(true|false)$/.test(text)) return text === 'true'
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text
}
