import { goTime, rfc3339 } from './go-time.ts'
import { exceeds } from './limits.ts'
import type { LokiLimits } from './limits.ts'
import type { PushedEntry } from './push-request.ts'
import { Refusal } from './refusal.ts'
import type { IngesterStream } from './store.ts'
import { entryBytes } from './validate.ts'

/**
 * Appends the entries that may be appended and drops repeated ones in silence. Returns the refusal that names the
 * others.
 */
export function ingest(
  stream: IngesterStream,
  entries: readonly PushedEntry[],
  limits: LokiLimits,
  major: number,
): Refusal | undefined {
  const ignored: { readonly entry: PushedEntry; readonly status: number; readonly reason: string }[] = []
  for (const entry of entries) {
    const identity = `${entry.timestampNs} ${entry.line}`
    if (stream.seen.has(identity)) continue
    const bytes = entryBytes(entry)
    const behindMs = Number(((stream.newestNs ?? entry.timestampNs) - entry.timestampNs) / NS_PER_MS)
    if (!stream.rate.allow(bytes)) {
      const reason = `Per stream rate limit exceeded (limit: ${size(limits.streamRateBytes)}/sec) while attempting to ingest for stream '${stream.name}' totaling ${size(bytes)}, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased`
      ignored.push({ entry, status: 429, reason })
    } else if (exceeds(behindMs, limits.maxBehindMs)) {
      const oldestNs = (stream.newestNs ?? 0n) - BigInt(limits.maxBehindMs) * NS_PER_MS
      ignored.push({ entry, status: 400, reason: tooFarBehind(entry, oldestNs, major) })
    } else {
      stream.seen.add(identity)
      stream.entries.push(entry)
      if (stream.newestNs === undefined || entry.timestampNs > stream.newestNs)
        stream.newestNs = entry.timestampNs
    }
  }
  const last = ignored.at(-1)
  if (!last) return undefined
  return new Refusal(last.status, listing(stream, ignored, entries.length, major))
}

const NS_PER_MS = 1_000_000n
const SHOWN = 10

function tooFarBehind({ timestampNs }: PushedEntry, oldestNs: bigint, major: number): string {
  const entry = major >= 3 ? ` entry timestamp is: ${rfc3339(timestampNs)},` : ''
  return `entry too far behind,${entry} oldest acceptable timestamp is: ${rfc3339(oldestNs)}`
}

function listing(
  stream: IngesterStream,
  ignored: readonly { readonly entry: PushedEntry; readonly reason: string }[],
  total: number,
  major: number,
): string {
  const where = major >= 3 ? '' : ` for stream: ${stream.name}`
  const lines = ignored
    .slice(0, SHOWN)
    .map(
      ({ entry, reason }) =>
        `entry with timestamp ${goTime(entry.timestampNs)} ignored, reason: '${reason}'${where},\n`,
    )
  const sum = `user '${stream.tenant}', total ignored: ${ignored.length} out of ${total}`
  return `${lines.join('')}${sum}${major >= 3 ? ` for stream: ${stream.name}` : ''}`
}

/** As Loki writes sizes: 3MB, 1KB, 10B. */
function size(bytes: number): string {
  for (const [unit, factor] of [
    ['GB', 1024 ** 3],
    ['MB', 1024 ** 2],
    ['KB', 1024],
  ] as const) {
    if (bytes >= factor) return `${Math.round((bytes / factor) * 100) / 100}${unit}`
  }
  return `${bytes}B`
}
