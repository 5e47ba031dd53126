import type { Batch } from '@smart-gateway/sdk'

/** What an object or an array takes for each member, beside what that holds. */
const MEMBER_BYTES = 16
/** More than this is not looked at in one record: what goes in a circle has no end. */
const MAX_VALUES = 10_000

/** Estimated heap size of what the records `from` up to `to` of a batch hold beside themselves, in bytes; samples hold nothing. */
export function contentBytes(batch: Batch, from: number, to: number): number {
  if (batch.signal === 'metric') return 0
  let bytes = 0
  for (let i = from; i < to; i++) bytes += bytesIn(batch.records[i]!)
  return bytes
}

function bytesIn(record: object): number {
  const values: unknown[] = [record]
  let bytes = 0
  for (let seen = 0; values.length > 0 && seen < MAX_VALUES; seen++) {
    const value = values.pop()
    if (typeof value === 'string') bytes += value.length
    else if (typeof value === 'object' && value !== null)
      for (const member of Object.values(value)) {
        values.push(member)
        bytes += MEMBER_BYTES
      }
  }
  return bytes
}
