import { permanent } from '@smart-gateway/sdk'
import { holdsRounded, parseExactly } from '@smart-gateway/sdk/json'

/** A JSON text and what it says. */
export interface Json {
  readonly text: string
  readonly value: unknown
}

/** Parses `text`, which `what` names; throws a permanent error when it is not JSON. */
export function parseJson(text: string, what: string): Json {
  try {
    return { text, value: JSON.parse(text) }
  } catch (cause) {
    // V8 names the position or quotes about 20 characters around it, never the whole text.
    throw permanent(`${what} is not JSON: ${reasonOf(cause)}`, { cause })
  }
}

/** The same value with every digit of its integers. Those that cannot have lost any are not parsed again. */
export function exactly({ text, value }: Json): unknown {
  if (!holdsRounded(value)) return value
  try {
    return parseExactly(text)
  } catch (cause) {
    throw permanent(`an event nests too deep for its integers to be read: ${reasonOf(cause)}`, { cause })
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
