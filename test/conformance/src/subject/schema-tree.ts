import type { JsonSchema } from '@smart-gateway/sdk'

/** A schema within a schema, with where its value stands. */
export interface Node {
  /** The keys that lead to it, `[]` for the items of a list. */
  readonly path: readonly string[]
  readonly schema: JsonSchema
}

/** Every schema of a value that a schema knows by name: itself, its properties and items, and those of its alternatives. */
export function nodesOf(schema: JsonSchema, path: readonly string[] = []): readonly Node[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([key, one]) => nodesOf(one, [...path, key]))
  const items = schema.items
  const ofItems = isSchema(items) ? nodesOf(items, [...path, '[]']) : []
  const alternatives = [schema.oneOf, schema.anyOf, schema['allOf'] as JsonSchema[] | undefined]
    .flatMap((list) => list ?? [])
    .flatMap((one) => nodesOf(one, path).filter((node) => node.path.length > path.length))
  return [{ path, schema }, ...inner, ...ofItems, ...alternatives]
}

function isSchema(items: unknown): items is JsonSchema {
  return typeof items === 'object' && items !== null && !Array.isArray(items)
}
