const SPANS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}
const QUANTITY = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/

/** What a timer can wait: a longer one would fire at once. */
const MAX_SPAN_MS = 2 ** 31 - 1

/** Milliseconds of `500ms`, `20s`, `5m`, `1h`, `1d`, up to 24 days; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const span = parse(text, SPANS)
  return span !== undefined && span <= MAX_SPAN_MS ? span : undefined
}

/** Bytes of `512B`, `64MiB`, `1GB`, at least one; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const size = parse(text, SIZES)
  return size !== undefined && size >= 1 && Number.isSafeInteger(size) ? size : undefined
}

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit = ''] = QUANTITY.exec(text) ?? []
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  return factor === undefined ? undefined : Math.round(Number(amount) * factor)
}
