import type { JsonSchema } from '@smart-gateway/sdk'

/** A schema within a schema, with where its value stands. */
export interface Node {
  /** The keys that lead to it, `[]` for the items of a list, `*` for the values of a map. */
  readonly path: readonly string[]
  /** References into the whole schema are followed at its root, and can be followed within. */
  readonly schema: JsonSchema
}

/** A schema that refers to itself has no end. */
const DEEPEST = 12

/** Every schema of a value that a schema knows: itself, its properties, items and further values, and those of its alternatives. */
export function nodesOf(schema: JsonSchema): readonly Node[] {
  return below(schema, [], schema)
}

/** The schemas of values that stand at the same place, the root's left out, by their path as one text. */
export function placesOf(schema: JsonSchema): ReadonlyMap<string, readonly JsonSchema[]> {
  const places = new Map<string, readonly JsonSchema[]>()
  for (const { path, schema: one } of nodesOf(schema)) {
    const place = path.join('.')
    places.set(place, [...(places.get(place) ?? []), one])
  }
  return places
}

function below(given: JsonSchema, path: readonly string[], root: JsonSchema): readonly Node[] {
  if (path.length > DEEPEST) return []
  const schema = whole(given, root)
  const { items, additionalProperties, patternProperties = {} } = schema
  const inner = Object.entries(schema.properties ?? {}).flatMap(([key, one]) =>
    below(one, [...path, key], root),
  )
  const ofItems = isSchema(items) ? below(items, [...path, '[]'], root) : []
  const further = [additionalProperties, ...Object.values(patternProperties as object)]
  const ofMap = further.flatMap((one: unknown) => (isSchema(one) ? below(one, [...path, '*'], root) : []))
  const alternatives = [schema.oneOf, schema.anyOf, schema['allOf'] as JsonSchema[] | undefined]
    .flatMap((list) => list ?? [])
    .flatMap((one) => below(one, path, root).filter((node) => node.path.length > path.length))
  return [{ path, schema }, ...inner, ...ofItems, ...ofMap, ...alternatives]
}

/** A schema with what it refers to in its place, and with all that references within it may mean. */
function whole(given: JsonSchema, root: JsonSchema): JsonSchema {
  let { $ref: reference, ...schema } = given as JsonSchema & { readonly $ref?: unknown }
  for (let i = 0; i < DEEPEST && typeof reference === 'string' && reference.startsWith('#/'); i++) {
    const meant = reference
      .slice(2)
      .split('/')
      .map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], root)
    if (!isSchema(meant)) break
    const { $ref: next, ...found } = meant as JsonSchema & { readonly $ref?: unknown }
    schema = { ...found, ...schema }
    reference = next
  }
  const named = Object.fromEntries(
    ['definitions', '$defs'].flatMap((key) => (root[key] === undefined ? [] : [[key, root[key]]])),
  )
  return { ...named, ...schema }
}

function isSchema(one: unknown): one is JsonSchema {
  return typeof one === 'object' && one !== null && !Array.isArray(one)
}
