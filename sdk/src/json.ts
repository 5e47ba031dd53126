/** JSON that keeps integers beyond 2^53, which collectd and ceilometer send: they come and go as bigint. */

/**
 * Parses JSON, with integers beyond 2^53 as bigint instead of the nearest double. Throws what JSON.parse
 * throws, and a RangeError on thousands of nested levels when there are such integers.
 */
export function parseExactly(text: string): unknown {
  return mayBeRounded.test(text) ? JSON.parse(text, restoreDigits) : JSON.parse(text)
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

const mayBeRounded = /\d{16}/
const integer = /^-?\d+$/

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
