import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import formats from 'ajv-formats'
import type { JsonSchema } from '@smart-gateway/sdk'

const QUANTITY = /^\d+(?:\.\d+)?\s*(?:ms|s|m|h|d|B|KB|MB|GB|KiB|MiB|GiB)$/

/** Checks values against schemas as the gateway does: it fills in defaults and knows its own formats. */
export class Validator {
  readonly #ajv: Ajv
  readonly #compiled = new Map<string, ValidateFunction>()

  constructor() {
    this.#ajv = new Ajv({ allErrors: true, useDefaults: true, strict: false, logger: false })
    ;(formats as unknown as (ajv: Ajv) => void)(this.#ajv)
    this.#ajv.addFormat('time-span', QUANTITY)
    this.#ajv.addFormat('byte-size', QUANTITY)
    this.#ajv.addFormat('file', true)
  }

  /** What is wrong with a schema itself, or undefined. */
  flawOf(schema: JsonSchema): string | undefined {
    try {
      this.#compile(schema)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  /** Fills in defaults, in place; what is wrong with the value, in one line, or undefined. */
  mistakeIn(schema: JsonSchema, value: unknown): string | undefined {
    const validate = this.#compile(schema)
    if (validate(value)) return undefined
    return (validate.errors ?? [])
      .map(({ instancePath, message }) => `${instancePath || 'the options'} ${message}`)
      .join('; ')
  }

  #compile(schema: JsonSchema): ValidateFunction {
    const key = JSON.stringify(schema)
    const known = this.#compiled.get(key)
    if (known !== undefined) return known
    const { $id: _, ...anonymous } = schema
    const validate = this.#ajv.compile(anonymous)
    this.#compiled.set(key, validate)
    return validate
  }
}
