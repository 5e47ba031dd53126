import { isDeepStrictEqual, types } from 'node:util'

const TEN_YEARS_MS = 10 * 365 * 86_400_000
/** Milliseconds, seconds, microseconds and nanoseconds, as so many of each make a millisecond. */
const UNITS = [1, 0.001, 1000, 1_000_000]

/** Compares states of sessions by what is in them, but for what their clocks have said since it was made. */
export class StateComparison {
  readonly #began = clocks()

  /** Where two states differ, or undefined. */
  difference(one: unknown, other: unknown, path = 'state'): string | undefined {
    if (isDeepStrictEqual(one, other)) return undefined
    const [a, b] = [plain(one), plain(other)]
    if (typeof a === 'number' && typeof b === 'number') return this.#areClocks(a, b) ? undefined : path
    if (typeof a === 'string' && typeof b === 'string') return this.#inTexts(a, b, path)
    if (a instanceof Map && b instanceof Map) return this.#inMaps(a, b, path)
    if (a instanceof Set && b instanceof Set) return this.#inMaps(keyed(a), keyed(b), path)
    if (a instanceof Uint8Array && b instanceof Uint8Array) return this.#inBytes(a, b, path)
    if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b))
      return this.difference(Array.from(a as Float64Array), Array.from(b as Float64Array), path)
    if (!isObject(a) || !isObject(b)) return path
    return this.#inMaps(new Map(Object.entries(a)), new Map(Object.entries(b)), path)
  }

  #inMaps(a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>, path: string) {
    if (a.size !== b.size) return `${path}, of which there are ${b.size} and not ${a.size}`
    // Keys that are objects, or hold a time, can only be told by their order.
    const isKeyed = [...a.keys()].every((key) => b.has(key))
    const others = [...b]
    for (const [i, [key, value]] of [...a].entries()) {
      const [otherKey, otherValue] = isKeyed ? [key, b.get(key)] : others[i]!
      const at = `${path}.${isObject(key) ? i : String(key)}`
      const where = this.difference(key, otherKey, at) ?? this.difference(value, otherValue, at)
      if (where !== undefined) return where
    }
    return undefined
  }

  #inTexts(a: string, b: string, path: string): string | undefined {
    const [one, other] = [wordsOf(a), wordsOf(b)]
    const isSame = (word: string, i: number): boolean =>
      word === other[i] || this.#areClocks(Number.parseFloat(word), Number.parseFloat(other[i]!))
    return one.length === other.length && one.every(isSame) ? undefined : path
  }

  /** Bytes that are no text may hold a time anywhere. */
  #inBytes(a: Uint8Array, b: Uint8Array, path: string): string | undefined {
    const [one, other] = [textOf(a), textOf(b)]
    if (one !== undefined && other !== undefined) return this.#inTexts(one, other, path)
    return a.length === b.length ? undefined : path
  }

  /** Whether both are times, of the day or of a clock that only goes forward, no further apart than this comparison is old. */
  #areClocks(a: number, b: number): boolean {
    const now = clocks()
    const elapsedMs = now[0]! - this.#began[0]!
    // That of a thread which began meanwhile counts from there.
    const spans = [[0, elapsedMs], ...now.map((ms, i) => [this.#began[i]!, ms])]
    return UNITS.some((unit) => {
      const [one, other] = [a / unit, b / unit]
      const slack = Math.max(1, 1 / unit)
      if (Math.abs(one - other) > elapsedMs + slack) return false
      const isDate = (ms: number): boolean => Math.abs(ms - Date.now()) < TEN_YEARS_MS
      const isIn = ([from, to]: readonly number[], ms: number): boolean =>
        ms >= from! - slack && ms <= to! + slack
      return (isDate(one) && isDate(other)) || spans.some((span) => isIn(span, one) && isIn(span, other))
    })
  }
}

/** What clocks say that only go forward: that of this thread, and the one that is the same in every thread. */
function clocks(): readonly number[] {
  return [performance.now(), Number(process.hrtime.bigint()) / 1e6]
}

/** Times and bigints as numbers, bytes as bytes. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'bigint') return Number(value)
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value)
  if (value instanceof DataView) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return value
}

function keyed(set: ReadonlySet<unknown>): ReadonlyMap<unknown, unknown> {
  return new Map([...set].map((item) => [item, item]))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** A text cut at its numbers; a written date is one. */
function wordsOf(text: string): readonly string[] {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, (date) => String(Date.parse(date)))
    .split(/(\d+(?:\.\d+)?)/)
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
