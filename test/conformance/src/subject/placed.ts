/** What a key of a map is called. */
const ANY_KEY = 'conformance'

/** Options with a value at a place: what leads there is made where it is not given. */
export function placed(
  options: Readonly<Record<string, unknown>>,
  path: readonly string[],
  value: unknown,
  sample: (path: readonly string[]) => unknown,
): Record<string, unknown> {
  const below = (given: unknown, depth: number): unknown => {
    if (depth === path.length) return value
    const owner = given ?? sample(path.slice(0, depth))
    const key = path[depth]!
    const inner = below(memberOf(owner, key), depth + 1)
    if (key === '[]') return [inner, ...(Array.isArray(owner) ? owner.slice(1) : [])]
    return { ...(owner as object), [key === '*' ? ANY_KEY : key]: inner }
  }
  return below(options, 0) as Record<string, unknown>
}

/** What stands under a key of a path, or undefined. */
export function memberOf(owner: unknown, key: string): unknown {
  if (key === '[]') return Array.isArray(owner) ? owner[0] : undefined
  return (owner as Record<string, unknown> | undefined)?.[key === '*' ? ANY_KEY : key]
}
