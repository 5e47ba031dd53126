import type { PushedEntry } from './push-request.ts'

/** Loki makes label names of the names of structured metadata: `trace.id` is stored as `trace_id`. */
export function withNormalNames(entry: PushedEntry): PushedEntry {
  const pairs = Object.entries(entry.metadata)
  if (pairs.length === 0) return entry
  return { ...entry, metadata: Object.fromEntries(pairs.map(([name, value]) => [normalName(name), value])) }
}

function normalName(name: string): string {
  const clean = name.replace(/[^a-zA-Z0-9_]/g, '_')
  if (/^\d/.test(clean)) return `key_${clean}`
  return /^_[^_]/.test(clean) ? `key${clean}` : clean
}
