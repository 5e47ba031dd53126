import type { JsonSchema } from '@smart-gateway/sdk'
import type { Validator } from './validator.ts'

/** Each costs a thread. */
const MAX = 6

/** Options that differ from others in one key that may be left out; which one, and whether they can be used, shows nowhere but in use. */
export function optionsBeside(
  schema: JsonSchema,
  base: Readonly<Record<string, unknown>>,
  validator: Validator,
): readonly { readonly key: string; readonly options: Readonly<Record<string, unknown>> }[] {
  const required = new Set(schema.required)
  return Object.entries(schema.properties ?? {})
    .filter(([key, one]) => !required.has(key) && one.writeOnly !== true)
    .flatMap(([key, one]) => {
      const options = othersOf(one, base[key] ?? one.default)
        .map((value) => ({ ...base, [key]: value }))
        .find((candidate) => validator.mistakeIn(schema, structuredClone(candidate)) === undefined)
      return options === undefined ? [] : [{ key, options }]
    })
    .slice(0, MAX)
}

function othersOf({ type, ...schema }: JsonSchema, value: unknown): readonly unknown[] {
  const [first] = [type ?? []].flat()
  if (schema.enum !== undefined) return schema.enum.filter((one) => one !== value)
  if (first === 'boolean') return [value !== true]
  if (first === 'string') return ['conformance', 'conformance.other', '1s'].filter((one) => one !== value)
  if (first !== 'integer' && first !== 'number') return []
  const near = typeof value === 'number' ? [value + 1, value - 1, value * 2] : []
  return [...near, schema['minimum'], schema['maximum'], 1, 0].filter(
    (one) => one !== undefined && one !== value,
  )
}
