import type { Severity } from '@smart-gateway/sdk'

/** What a severity field says: 0 to 7, as a digit or a number, or a name in any case. */
export function severityOf(value: unknown): Severity {
  const known = severities.get(value)
  if (known !== undefined) return known
  // Whoever sends a megabyte as a severity need not have it converted.
  const name = typeof value === 'string' && value.length <= longestName ? value.toLowerCase() : undefined
  return severities.get(name) ?? 'unknown'
}

/**
 * The severity that a text itself names within its first 10 words: the gravest one, whatever their order. A word may be part
 * of another (`errors`). Undefined when there is none.
 */
export function severityIn(text: string): Severity | undefined {
  const head = text.slice(0, endOfWords(text)).toLowerCase()
  // No name holds a space, so looking through all words at once finds what looking through each would.
  return named.find(({ name }) => head.includes(name))?.severity
}

const levels: readonly [Severity, ...string[]][] = [
  ['critical', 'emergency', 'emerg', 'panic'],
  ['critical', 'alert'],
  ['critical', 'critical', 'crit'],
  ['critical', 'error', 'err'],
  ['warning', 'warning', 'warn'],
  ['info', 'notice'],
  ['info', 'info', 'informational'],
  ['debug', 'debug'],
]

const severities: ReadonlyMap<unknown, Severity> = new Map(
  levels.flatMap(([severity, ...names], level) =>
    [level, String(level), ...names].map((value): [unknown, Severity] => [value, severity]),
  ),
)

const longestName = 'informational'.length

const named = levels.map(([severity, name]) => ({ severity, name: name! }))

const wordCount = 10

/** Where the tenth word ends. Of two spaces in a row the second one follows an empty word. */
function endOfWords(text: string): number {
  let end = -1
  for (let words = 0; words < wordCount; words++) {
    end = text.indexOf(' ', end + 1)
    if (end === -1) return text.length
  }
  return end
}
