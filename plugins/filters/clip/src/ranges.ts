import { permanent } from '@smart-gateway/sdk'
import type { Series } from '@smart-gateway/sdk'
import { firstMatching } from '@smart-gateway/sdk/glob'

/** What values a series may have, both ends included. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** A rule as startup.yaml has it. */
export interface Rule {
  readonly match: string
  readonly min?: number
  readonly max?: number
}

/** Finds the range of a series: that of the first rule that its name matches. Throws when a rule admits nothing. */
export function rangesOf(rules: readonly Rule[]): (series: Series) => Range | undefined {
  return firstMatching(
    rules.map(({ match, min = -Infinity, max = Infinity }, i) => {
      if (min > max) throw permanent(`rules[${i}] admits nothing: min ${min} is greater than max ${max}`)
      return { match, min, max }
    }),
  )
}
