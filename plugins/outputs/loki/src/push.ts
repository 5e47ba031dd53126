import type { Entry, Push, Stream } from './stream.ts'

export interface PushLimits {
  readonly maxStreams: number
  readonly maxBytes: number
}

/**
 * Cuts streams into pushes that keep the limits. Pushes in turn keep every stream's order. An entry that is larger than a push
 * may be stands alone in one.
 */
export function cutIntoPushes(streams: readonly Stream[], { maxStreams, maxBytes }: PushLimits): Push[] {
  const pushes: Stream[][] = []
  let push: Stream[] = []
  let bytes = 0
  for (const { labels, labelBytes, entries } of streams) {
    let part: Entry[] | undefined
    for (const entry of entries) {
      const cost = entry.bytes + (part === undefined ? labelBytes : 0)
      const full = part === undefined && push.length >= maxStreams
      if (push.length > 0 && (full || bytes + cost > maxBytes)) {
        pushes.push(push)
        push = []
        bytes = 0
        part = undefined
      }
      if (part === undefined) {
        part = []
        push.push({ labels, labelBytes, entries: part })
        bytes += labelBytes
      }
      part.push(entry)
      bytes += entry.bytes
    }
  }
  if (push.length > 0) pushes.push(push)
  return pushes
}

/** Halves a push: its streams, or the entries of its only stream. Undefined when it holds one entry. */
export function halve(push: Push): readonly [Push, Push] | undefined {
  if (push.length > 1) {
    const middle = push.length >> 1
    return [push.slice(0, middle), push.slice(middle)]
  }
  const [stream] = push
  if (stream === undefined || stream.entries.length < 2) return undefined
  const middle = stream.entries.length >> 1
  return [
    [{ ...stream, entries: stream.entries.slice(0, middle) }],
    [{ ...stream, entries: stream.entries.slice(middle) }],
  ]
}
