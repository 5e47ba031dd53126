import { permanent } from '@smart-gateway/sdk'

/** One sample as its producer writes it; what its members hold is not known yet. */
export interface Element {
  readonly name?: unknown
  readonly labels?: unknown
  readonly value?: unknown
  readonly timeMs?: unknown
}

/** The elements of a body: a JSON object, or an array of them. Throws when it is neither. */
export function elementsOf(body: Buffer): readonly Element[] {
  let document: unknown
  try {
    document = JSON.parse(body.toString())
  } catch (cause) {
    throw permanent('the body is not JSON', { cause })
  }
  const elements: readonly unknown[] = Array.isArray(document) ? document : [document]
  if (!elements.some(isObject)) throw permanent('the body holds no JSON object')
  return elements.map((element) => (isObject(element) ? element : {}))
}

function isObject(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
