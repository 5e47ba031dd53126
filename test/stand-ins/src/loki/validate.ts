import { rfc3339 } from './go-time.ts'
import type { Label } from './labels.ts'
import { exceeds } from './limits.ts'
import type { LokiLimits } from './limits.ts'
import type { PushedEntry } from './push-request.ts'

/** Why the distributor refuses a stream, or undefined. `name` is the stream as it was pushed. */
export function labelObjection(
  labels: readonly Label[],
  name: string,
  limits: LokiLimits,
): string | undefined {
  if (labels.length === 0) return 'error at least one label pair is required per stream'
  if (exceeds(labels.length, limits.maxLabelNames))
    return `entry for stream '${name}' has ${labels.length} label names; limit ${limits.maxLabelNames}`
  let last: string | undefined
  for (const label of labels) {
    if (exceeds(Buffer.byteLength(label.name), limits.maxLabelNameBytes))
      return `stream '${name}' has label name too long: '${label.name}'`
    if (exceeds(Buffer.byteLength(label.value), limits.maxLabelValueBytes))
      return `stream '${name}' has label value too long: '${label.value}'`
    if (label.name === last) return `stream '${name}' has duplicate label name: '${label.name}'`
    last = label.name
  }
  return undefined
}

/** Why the distributor refuses an entry, or undefined. */
export function entryObjection(
  { timestampNs, line, metadata }: PushedEntry,
  name: string,
  limits: LokiLimits,
  nowMs: number,
): string | undefined {
  const ageMs = nowMs - Number(timestampNs / NS_PER_MS)
  if (exceeds(ageMs, limits.maxAgeMs)) {
    const oldest = rfc3339(BigInt(nowMs - limits.maxAgeMs) * NS_PER_MS)
    return `entry for stream '${name}' has timestamp too old: ${rfc3339(timestampNs)}, oldest acceptable timestamp is: ${oldest}`
  }
  if (exceeds(-ageMs, limits.maxAheadMs))
    return `entry for stream '${name}' has timestamp too new: ${rfc3339(timestampNs)}`
  const bytes = Buffer.byteLength(line)
  if (exceeds(bytes, limits.maxLineBytes))
    return `Max entry size '${limits.maxLineBytes}' bytes exceeded for stream '${name}' while adding an entry with length '${bytes}' bytes`
  const size = metadataBytes(metadata)
  if (exceeds(size, limits.maxMetadataBytes))
    return `stream '${name}' has structured metadata too large: '${size}' bytes, limit: '${limits.maxMetadataBytes}' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it.`
  const count = Object.keys(metadata).length
  if (exceeds(count, limits.maxMetadataEntries))
    return `stream '${name}' has too many structured metadata labels: '${count}', limit: '${limits.maxMetadataEntries}'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it.`
  return undefined
}

/** What an entry counts for in the rate limits. */
export const entryBytes = ({ line, metadata }: PushedEntry): number =>
  Buffer.byteLength(line) + metadataBytes(metadata)

const NS_PER_MS = 1_000_000n

function metadataBytes(metadata: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const [name, value] of Object.entries(metadata))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  return bytes
}
