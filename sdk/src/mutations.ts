/** Numbers from 0 up to 1 that are the same ones for the same seed, so that a failing run can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  // mulberry32: small, and good enough to choose test cases.
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One of a list; undefined of an empty one, whatever its type says. */
export function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T
}

/** What mutations put into a tree. */
export interface Mutations {
  /** Values that a member may become; they are cloned. */
  readonly junk: readonly unknown[]
  /** Names under which a member may come a second time. */
  readonly names: readonly string[]
}

/**
 * Changes a parsed JSON value in up to two places: a member goes, becomes junk or another part of the tree, or
 * comes twice. Looks through five levels of it.
 */
export function mutateTree(tree: unknown, { junk, names }: Mutations, random: () => number): void {
  for (let changes = Math.floor(random() * 3); changes > 0; changes--) {
    const parents = parentsIn(tree)
    const parent = pick(parents, random)
    const key = pick(Object.keys(parent), random)
    if (key === undefined) continue
    const other = pick(parents, random)
    const how = random()
    if (how < 0.2) delete parent[key]
    else if (how < 0.7) parent[key] = structuredClone(pick(junk, random))
    else if (how < 0.85) parent[key] = structuredClone(other)
    else if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]))
    else parent[pick(names, random)] = structuredClone(parent[key])
  }
}

/**
 * Leaves bytes as they are with the probability `unchanged`, 0 to 1; else cuts them off, or overwrites one of
 * them in place.
 */
export function mutateBytes(bytes: Buffer, unchanged: number, random: () => number): Buffer {
  if (random() < unchanged) return bytes
  const at = Math.floor(random() * bytes.length)
  if (random() < 0.3) return bytes.subarray(0, at)
  bytes[at] = Math.floor(random() * 256)
  return bytes
}

function parentsIn(tree: unknown): Record<string, unknown>[] {
  const parents: Record<string, unknown>[] = []
  const collect = (node: unknown, depth: number): void => {
    if (typeof node !== 'object' || node === null || depth > 5) return
    parents.push(node as Record<string, unknown>)
    for (const child of Object.values(node)) collect(child, depth + 1)
  }
  collect(tree, 0)
  return parents
}
