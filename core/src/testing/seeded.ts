import { pick, seededRandom } from '@smart-gateway/sdk/testing'

/** Random numbers that are the same in every run: from 0 up to 1, whole ones below a bound, one of a list. */
export interface Seeded {
  next(): number
  below(bound: number): number
  pick<T>(list: readonly T[]): T
}

export function seeded(seed: number): Seeded {
  const next = seededRandom(seed)
  return { next, below: (bound) => Math.floor(next() * bound), pick: (list) => pick(list, next) }
}
