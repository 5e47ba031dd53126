import { Ajv } from 'ajv'
import type { ErrorObject, ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { JsonSchema } from '@smart-gateway/sdk'
import { withArticle } from '../article.ts'
import type { Path } from './document.ts'
import { didYouMean } from './problem.ts'
import { parseSize, parseSpan } from './units.ts'

/** One mistake in a value: where in it, and what. */
export interface Mistake {
  readonly path: Path
  /** Points at the key itself: the key is the mistake, not its value. */
  readonly atKey: boolean
  readonly message: string
}

/** Checks values against schemas, compiled once each. */
export class Validator {
  readonly #ajv: Ajv
  readonly #compiled = new Map<string, ValidateFunction>()

  constructor() {
    this.#ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, verbose: true, logger: false })
    ;(formats as unknown as (ajv: Ajv) => void)(this.#ajv)
    this.#ajv.addFormat('time-span', (text) => parseSpan(text) !== undefined)
    // Marks a file whose content matters: the gateway follows it.
    this.#ajv.addFormat('file', true)
    this.#ajv.addFormat('byte-size', (text) => parseSize(text) !== undefined)
  }

  /** What is wrong with a schema itself, in one sentence, or undefined. */
  flawOf(schema: JsonSchema): string | undefined {
    try {
      this.#compile(schema)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  /** Fills in defaults, in place, and returns every mistake. */
  check(schema: JsonSchema, value: unknown): readonly Mistake[] {
    const validate = this.#compile(schema)
    if (validate(value)) return []
    return telling(validate.errors ?? [], schema).map((error) => explain(error, schema))
  }

  #compile(schema: JsonSchema): ValidateFunction {
    const key = JSON.stringify(schema)
    const known = this.#compiled.get(key)
    if (known !== undefined) return known
    // `$id` is dropped: two plugins may use the same.
    const { $id: _, ...anonymous } = schema
    const validate = this.#ajv.compile(anonymous)
    this.#compiled.set(key, validate)
    return validate
  }
}

// An alternative's own errors say more than "must match a schema in anyOf". A value with neither the format nor the pattern has
// one fault: a description says what is wanted, else the format says more than a regular expression.
function telling(errors: readonly ErrorObject[], schema: JsonSchema): readonly ErrorObject[] {
  const beside = ({ schemaPath, instancePath, keyword }: ErrorObject, other: string) =>
    errors.find(
      (error) =>
        error.instancePath === instancePath &&
        error.schemaPath === schemaPath.slice(0, -keyword.length) + other,
    )
  return errors.filter((error) => {
    const { keyword, schemaPath } = error
    if (keyword === 'if') return false
    if (UMBRELLAS.has(keyword)) return !errors.some((other) => other.schemaPath.startsWith(`${schemaPath}/`))
    if (keyword === 'format') {
      const pattern = beside(error, 'pattern')
      return pattern === undefined || wantedBy(pattern, schema) === undefined
    }
    if (keyword === 'pattern')
      return beside(error, 'format') === undefined || wantedBy(error, schema) !== undefined
    return true
  })
}

const UMBRELLAS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'propertyNames'])

/** The first sentence of the description of what has an error; that of an item is its list's. */
function wantedBy({ parentSchema, schemaPath }: ErrorObject, schema: JsonSchema): string | undefined {
  const steps = schemaPath.split('/').slice(1, -1).map(unescapePointer)
  const list = steps.at(-1) === 'items' ? steps.slice(0, -1).reduce(step, schema) : undefined
  const { description } = (parentSchema ?? {}) as JsonSchema
  return (description ?? list?.description)?.replace(/\.(\s.*)?$/s, '')
}

function step(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
  return schema?.[key] as JsonSchema | undefined
}

function explain(error: ErrorObject, schema: JsonSchema): Mistake {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer)
  const { keyword, params, parentSchema, data } = error
  if (keyword === 'additionalProperties') {
    const key = String(params['additionalProperty'])
    const known = Object.keys((parentSchema as JsonSchema | undefined)?.properties ?? {})
    return {
      path: [...path, key],
      atKey: true,
      message: `is not a known key${didYouMean(key, known) || listOf(known)}`,
    }
  }
  if (error.propertyName !== undefined) {
    const { description } = (parentSchema ?? {}) as JsonSchema
    return {
      path: [...path, error.propertyName],
      atKey: true,
      message:
        description === undefined
          ? `is no key that may stand here: ${error.message}`
          : `must be ${description}`,
    }
  }
  if (keyword === 'required')
    return { path, atKey: true, message: `needs the key "${params['missingProperty']}"` }
  const wanted = keyword === 'pattern' ? wantedBy(error, schema) : undefined
  if (wanted !== undefined) {
    const start = literalStart(String(params['pattern']))
    const begin = String(data).startsWith(start) ? '' : `; it must begin with "${start}"`
    return { path, atKey: false, message: `is not what is wanted here: ${wanted}${begin}` }
  }
  return { path, atKey: false, message: sentence(keyword, params, error.message, data) }
}

function sentence(
  keyword: string,
  params: Record<string, unknown>,
  message: string | undefined,
  data: unknown,
): string {
  if (keyword === 'type')
    return `must be ${typeInWords([params['type']].flat().join(' or '))}, not ${typeInWords(kindOf(data))}`
  if (keyword === 'enum') {
    const allowed = (params['allowedValues'] as unknown[]).map(String)
    return `must be one of ${allowed.join(', ')}${typeof data === 'string' ? didYouMean(data, allowed) : ''}`
  }
  if (keyword === 'const') return `must be ${JSON.stringify(params['allowedValue'])}`
  if (keyword === 'format')
    return FORMATS[String(params['format'])] ?? `must be a valid ${String(params['format'])}`
  return message ?? `breaks the rule "${keyword}"`
}

/** What every text that matches a pattern begins with, as far as that is plain text. */
function literalStart(pattern: string): string {
  if (pattern.includes('|')) return ''
  return /^\^([^\\^$.?*+()[\]{}]*)(?![?*{])/.exec(pattern)?.[1] ?? ''
}

const FORMATS: Readonly<Record<string, string>> = {
  uri: 'must be a URL',
  'time-span': 'must be a time such as 500ms, 20s, 5m or 1h, up to 24d',
  'byte-size': 'must be a size such as 512KiB, 64MiB or 1GiB',
}

function kindOf(data: unknown): string {
  if (data === null) return 'null'
  return Array.isArray(data) ? 'array' : typeof data
}

function typeInWords(type: string): string {
  return type === 'null' ? 'empty' : withArticle(type)
}

function listOf(known: readonly string[]): string {
  return known.length === 0 ? '; none is known here' : `; known are ${known.join(', ')}`
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
