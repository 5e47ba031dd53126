/**
 * Parses JSON, with integers beyond 2^53 as bigint instead of the nearest double. Throws what JSON.parse throws, and a
 * RangeError on thousands of nested levels when there are such integers.
 */
export function parseExactly(text: string): unknown {
  return mayBeRounded.test(text) ? JSON.parse(text, restoreDigits) : JSON.parse(text)
}

const mayBeRounded = /\d{16}/
const integer = /^-?\d+$/

function restoreDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !Number.isFinite(value)) return value
  const source = context?.source
  return source !== undefined && integer.test(source) ? BigInt(source) : value
}
