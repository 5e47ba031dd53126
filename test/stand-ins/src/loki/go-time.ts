/** RFC 3339 in whole seconds, as Go prints it. */
export const rfc3339 = (ns: bigint): string => `${iso(ns).slice(0, 19)}Z`

/** Go's time.Time.String(): up to nine decimals, without trailing zeros. */
export function goTime(ns: bigint): string {
  const fraction = ((ns % SECOND) + SECOND) % SECOND
  const decimals = fraction === 0n ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`
  return `${iso(ns).slice(0, 19).replace('T', ' ')}${decimals} +0000 UTC`
}

const SECOND = 1_000_000_000n

function iso(ns: bigint): string {
  const rest = ((ns % SECOND) + SECOND) % SECOND
  return new Date(Number((ns - rest) / 1_000_000n)).toISOString()
}
