import type { Instant } from '@smart-gateway/sdk/time'

/** Names the index of a line: by its host and by its day in its own time zone, if it has one. */
export type NameIndex = (host: string, instant: Instant | undefined) => string

/** Makes a namer that remembers the last day of each host, since most lines are of the day of the line before. */
export function indexNamer(prefix: string): NameIndex {
  const known = new Map<string, { day: number | undefined; index: string }>()
  return (host, instant) => {
    const day = instant && dayOf(instant)
    const last = known.get(host)
    if (last !== undefined && last.day === day) return last.index
    const index = nameOf(prefix, host, day)
    if (host.length > longestHost) return index
    if (known.size >= mostHosts) known.clear()
    known.set(host, { day, index })
    return index
  }
}

// A name of the DNS has no more.
const longestHost = 253
const mostHosts = 10_000

const dayMs = 86_400_000

function dayOf({ ms, zoneMinutes }: Instant): number {
  return Math.floor((ms + zoneMinutes * 60_000) / dayMs)
}

function nameOf(prefix: string, host: string, day: number | undefined): string {
  const stem = `${prefix}-${host.replaceAll('-', '_')}`.toLowerCase().replaceAll(/\s/g, '_')
  if (day === undefined) return stem
  return `${stem}.${new Date(day * dayMs).toISOString().slice(0, 10).replaceAll('-', '.')}`
}
