/** Random numbers that are the same in every run: from 0 up to 1, whole ones below a bound, one of a list. */
export interface Seeded {
  next(): number
  below(bound: number): number
  pick<T>(list: readonly T[]): T
}

/** mulberry32. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return { next, below, pick: (list) => list[below(list.length)]! }
}
