import type { JsonSchema } from '@smart-gateway/sdk'
import { secretsIn } from '../config/secrets.ts'
import type { Scrubber } from '../config/secrets.ts'
import { Validator } from '../config/validator.ts'
import { GatewayError } from '../errors.ts'

const validator = new Validator()

/**
 * A frozen copy of what the configuration gives a plugin, with the defaults of the schema in its code; that one is the truth, its
 * manifest may name none. Its secrets are hidden from now on. Throws SG_DEFINITION_INVALID or SG_OPTIONS_INVALID.
 */
export function validOptions(schema: JsonSchema, given: unknown, where: string, scrubber: Scrubber): unknown {
  const flaw = validator.flawOf(schema)
  if (flaw !== undefined)
    throw new GatewayError('SG_DEFINITION_INVALID', `${where} have an invalid schema in the plugin (${flaw})`)
  const options = structuredClone(given)
  const mistakes = validator.check(schema, options)
  scrubber.add(secretsIn(schema, options))
  if (mistakes.length === 0) return deepFreeze(options)
  const list = mistakes.map(({ path, message }) => `${['', ...path].join('.')} ${message}`).join('; ')
  throw new GatewayError('SG_OPTIONS_INVALID', `${where}${list}`)
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) deepFreeze(item)
    Object.freeze(value)
  }
  return value
}
