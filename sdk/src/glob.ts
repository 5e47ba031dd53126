import type { Series } from './record.ts'

/**
 * Makes a test for texts that match a pattern as a whole: `*` stands for any characters, also none, `?` for one UTF-16 unit, everything else for
 * itself. Takes at most time in proportion to the product of both lengths. Throws nothing.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  return (text) => matches(pattern, text)
}

/**
 * Makes a function that finds the first rule whose pattern `match` fits a series' name; undefined where none does. Throws nothing. Keep it: it
 * remembers what it found for each series, so that in steady state no name is matched.
 */
export function firstMatching<R extends { readonly match: string }>(
  rules: readonly R[],
): (series: Series) => R | undefined {
  const patterns = rules.map((rule) => ({ rule, fits: globMatcher(rule.match) }))
  const known = new WeakMap<Series, { readonly rule: R | undefined }>()
  return (series) => {
    let found = known.get(series)
    if (found === undefined) {
      found = { rule: patterns.find(({ fits }) => fits(series.name))?.rule }
      known.set(series, found)
    }
    return found.rule
  }
}

// By hand: the time of a regular expression with several `.*` grows with a power of the length of a text that does not match.
function matches(pattern: string, text: string): boolean {
  let at = 0
  let next = 0
  /** Where to go on when what follows the last star does not fit: one character further in the text. */
  let star = -1
  let retry = 0
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next++
      retry = at
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      next++
      at++
    } else if (star >= 0) {
      next = star + 1
      at = ++retry
    } else return false
  }
  while (pattern[next] === '*') next++
  return next === pattern.length
}
