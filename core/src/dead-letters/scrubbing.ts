/** What hides secrets in a text: the gateway's Scrubber. */
export interface TextScrubber {
  scrub(text: string): string
}

/** The bytes without secrets; the same object when there is none in them. */
export function scrubBytes(scrubber: TextScrubber, bytes: Buffer): Buffer {
  // Decoding replaces what is not UTF-8 but never swallows a character behind it: no secret can hide.
  const text = bytes.toString()
  const clean = scrubber.scrub(text)
  if (clean === text) return bytes
  const bytewise = Buffer.from(scrubber.scrub(bytes.toString('latin1')), 'latin1')
  const left = bytewise.toString()
  // A secret beyond ASCII is not found byte by byte. In what is not UTF-8 that costs the bytes around it, and hides it.
  return scrubber.scrub(left) === left ? bytewise : Buffer.from(clean)
}

/** Deeper than any input lets a record nest. */
const MAX_LEVELS = 200

/** A copy of what of a value is JSON, its texts and keys without secrets; numbers stay as they are. */
export function scrubbedJson(scrubber: TextScrubber, value: unknown, levels = MAX_LEVELS): unknown {
  if (typeof value === 'string') return scrubber.scrub(value)
  if (value === null || ['number', 'boolean', 'bigint'].includes(typeof value)) return value
  if (typeof value !== 'object' || levels === 0) return undefined
  if (Array.isArray(value)) return value.map((item) => scrubbedJson(scrubber, item, levels - 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      scrubber.scrub(key),
      scrubbedJson(scrubber, item, levels - 1),
    ]),
  )
}
