import type { JsonSchema } from '@smart-gateway/sdk'
import type { Validator } from './validator.ts'

/** Where the values of generated options lead. */
export interface Reach {
  /** A TCP port of this machine at which the generated addresses point. */
  readonly port: number
}

/**
 * Options that a schema admits, with as little in them as may be: what is required, and ports that are free.
 * Undefined where none were found: the plugin's author has to give some.
 */
export function sampleOptions(
  schema: JsonSchema,
  validator: Validator,
  reach: Reach,
): Record<string, unknown> | undefined {
  const sample = sampleObject(schema, validator, reach)
  return validator.mistakeIn(schema, structuredClone(sample)) === undefined ? sample : undefined
}

/** A value that a schema admits, or undefined. */
export function sampleValue(schema: JsonSchema, validator: Validator, reach: Reach, key = ''): unknown {
  return candidates(schema, validator, reach, key).find(
    (candidate) => validator.mistakeIn(schema, structuredClone(candidate)) === undefined,
  )
}

function sampleObject(schema: JsonSchema, validator: Validator, reach: Reach): Record<string, unknown> {
  const sample: Record<string, unknown> = {}
  const [alternative] = schema.oneOf ?? schema.anyOf ?? []
  const required = new Set([...(schema.required ?? []), ...(alternative?.required ?? [])])
  for (const [key, inner] of Object.entries(schema.properties ?? {})) {
    // A port that is left out is one that another program may hold: any free one serves.
    const isPort = key === 'port' && inner.minimum === 0
    if (required.has(key) || isPort) sample[key] = isPort ? 0 : sampleValue(inner, validator, reach, key)
  }
  return sample
}

function candidates(schema: JsonSchema, validator: Validator, reach: Reach, key: string): readonly unknown[] {
  const type = [schema.type ?? []].flat()[0]
  const given = [schema.const, schema.default, ...(schema.enum ?? [])].filter((one) => one !== undefined)
  if (given.length > 0) return given
  if (schema.oneOf !== undefined || schema.anyOf !== undefined)
    return (schema.oneOf ?? schema.anyOf ?? []).flatMap((one) => candidates(one, validator, reach, key))
  const numbers = [0, schema['minimum'], schema['maximum'], 1, 1000].filter((one) => one !== undefined)
  if (key.toLowerCase().endsWith('port')) return [0, reach.port, ...numbers]
  if (type === 'integer' || type === 'number') return numbers
  if (type === 'boolean') return [false]
  if (type === 'null') return [null]
  if (type === 'array') {
    const items = schema.items as JsonSchema | undefined
    return [[], [items === undefined ? 'x' : sampleValue(items, validator, reach, key)]]
  }
  if (type === 'object') return [{}, sampleObject(schema, validator, reach)]
  const at = `127.0.0.1:${reach.port}`
  const texts = [`http://${at}`, `amqp://${at}`, `tcp://${at}`, `https://${at}`, `ws://${at}`]
  const wantsAddress = schema['format'] === 'uri' || /ur[il]s?$/i.test(key)
  const plain = /^(host|address)$/i.test(key)
    ? ['127.0.0.1', at]
    : ['conformance', '/conformance', 'a/b', '1s', '1MiB']
  return wantsAddress ? [...texts, ...plain] : [...plain, ...texts, at]
}
