/** JSON that keeps integers beyond 2^53, which collectd and ceilometer send: they come and go as bigint. */

/** The members of a JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a parsed value is a JSON object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Whether there are more than `levels` objects and arrays within each other. Whoever writes a value as JSON
 * does it recursively, and a stack has an end: an input refuses what nests deeper than some 100 levels.
 */
export function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => nestsDeeper(member, levels - 1))
}

/**
 * Parses JSON, with integers beyond 2^53 as bigint instead of the nearest double; only texts that hold such
 * integers take longer for it, about four times. Below 500 levels of nesting they stay doubles. Throws what
 * JSON.parse throws, and a RangeError on thousands of nested levels beside such integers.
 */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text)
  return holdsRounded(value) ? JSON.parse(text, restoreDigits) : value
}

/**
 * Whether a value that JSON.parse returned has an integer beyond 2^53 in it, which is no longer the one that
 * the text has: `parseExactly` on the text restores it. Looks through 500 levels of nesting.
 */
export function holdsRounded(value: unknown): boolean {
  return searchRounded(value, deepestSearch)
}

/**
 * Writes a value as JSON, a bigint as the integer that it is. Throws what JSON.stringify throws: a TypeError
 * on a circle, a RangeError on thousands of nested levels.
 */
export function stringifyExactly(value: unknown): string {
  // A replacer slows stringify several times, so only values with a bigint in them pay for one.
  try {
    return JSON.stringify(value)
  } catch {
    return JSON.stringify(value, withDigits)
  }
}

// A stack has an end.
const deepestSearch = 500
const integer = /^-?\d+$/

function searchRounded(value: unknown, levels: number): boolean {
  if (typeof value === 'number') return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER
  if (typeof value !== 'object' || value === null || levels === 0) return false
  if (Array.isArray(value)) return value.some((member) => searchRounded(member, levels - 1))
  for (const key in value) {
    if (searchRounded((value as JsonObject)[key], levels - 1)) return true
  }
  return false
}

function restoreDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isFinite(value)) return value
  const source = context?.source
  return source !== undefined && integer.test(source) ? BigInt(source) : value
}

function withDigits(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value
}

// TypeScript does not declare it yet; Node has it since 22.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }
