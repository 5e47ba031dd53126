import { isJsonObject, parseExactly, stringifyExactly } from '@smart-gateway/sdk/json'

/** A value within a message, and how the message reads with another one in its place. */
export interface Place {
  /** How one gets there, `payload.0.name` say; '' is the whole. */
  readonly path: string
  readonly value: unknown
  /** The list or object that it stands in. */
  readonly owner?: Place
  with(value: unknown): string
}

/** The values within a message that is JSON or lines of it, the whole first; none where it is neither. What is JSON within a text counts. */
export function placesIn(text: string): readonly Place[] {
  const whole = containerIn(text)
  if (whole !== undefined) return [...below('', whole, stringifyExactly)]
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const values = lines.map(containerIn)
  if (values.length === 0 || values.includes(undefined)) return []
  return [...below('', values, linesOf)]
}

/** The lines of JSON that hold these values, or this one. */
export function linesOf(values: unknown): string {
  return [values].flat().map(stringifyExactly).join('\n')
}

/** Some of them, from the first to the last: so many at most. */
export function someOf<T>(all: readonly T[], most: number): readonly T[] {
  const step = Math.max(1, Math.ceil(all.length / most))
  return all.filter((_, i) => i % step === 0)
}

function* below(path: string, value: unknown, write: Place['with'], owner?: Place): Generator<Place> {
  const place: Place = { path, value, with: write, ...(owner === undefined ? {} : { owner }) }
  yield place
  const inner = typeof value === 'string' ? containerIn(value) : value
  if (typeof inner !== 'object' || inner === null) return
  const writeInner: Place['with'] = inner === value ? write : (given) => write(stringifyExactly(given))
  const within: Place = inner === value ? place : { ...place, value: inner, with: writeInner }
  if (within !== place) yield within
  for (const [key, member] of Object.entries(inner)) {
    const writeMember: Place['with'] = (given) => writeInner(replaced(inner, key, given))
    yield* below(path === '' ? key : `${path}.${key}`, member, writeMember, within)
  }
}

function replaced(container: object, key: string, given: unknown): unknown {
  if (Array.isArray(container)) return container.with(Number(key), given)
  // Entries become own members whatever they are called, __proto__ too.
  return Object.fromEntries(
    Object.entries(container).map((entry) => (entry[0] === key ? [key, given] : entry)),
  )
}

/** The object or list that a text is; undefined where it is none. */
function containerIn(text: string): object | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    const value = parseExactly(text)
    return isJsonObject(value) || Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
