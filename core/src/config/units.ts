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

/** Milliseconds of `500ms`, `20s`, `5m`, `1h`, `1d`; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  return parse(text, SPANS)
}

/** Bytes of `512B`, `64MiB`, `1GB`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return parse(text, SIZES)
}

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit] = QUANTITY.exec(text) ?? []
  const factor = unit === undefined ? undefined : units[unit]
  return factor === undefined ? undefined : Math.round(Number(amount) * factor)
}
