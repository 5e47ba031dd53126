import type { BatchOf, Rejection } from '@smart-gateway/sdk'
import { judge } from './answer.ts'
import type { Verdict } from './answer.ts'
import { lineWriter } from './lines.ts'
import type { Line, Names } from './lines.ts'
import type { Store } from './store.ts'

/** Writes batches in bulk. Resolves with the records that were not stored; rejects, always retryable, when none was. */
export function bulkWriter(
  store: Store,
  settings: { readonly dataStreams: Names; readonly maxRequestBytes: number },
): (batch: BatchOf<'event' | 'log'>) => Promise<readonly Rejection[]> {
  const toLines = lineWriter(settings.dataStreams)
  let maxBytes = settings.maxRequestBytes

  const send = async (lines: readonly Line[]): Promise<Verdict> => {
    let text = ''
    for (const line of lines) text += line.text
    return judge(await store.request('POST', PATH, { type: 'application/x-ndjson', text }), lines)
  }

  return async (batch) => {
    const { lines, rejected: unwritable } = toLines(batch)
    const rejected = [...unwritable]
    const requests = pack(lines, maxBytes)
    while (requests.length > 0) {
      const request = requests.shift()!
      let verdict
      try {
        verdict = await send(request)
      } catch (error) {
        const left = [request, ...requests].flat()
        if (left.length === batch.length) throw error
        return [...rejected, ...left.map(({ index }) => ({ index, error: error as Error }))]
      }
      if (verdict.kind === 'done') rejected.push(...verdict.rejected)
      else if (request.length === 1) rejected.push({ index: request[0]!.index, error: verdict.error })
      else {
        const middle = request.length >> 1
        requests.unshift(request.slice(0, middle), request.slice(middle))
        // Half of what was too large is more than half of what the server takes: the next batch fits at once.
        if (verdict.tooLarge) maxBytes = Math.min(maxBytes, bytesOf(request) >> 1)
      }
    }
    return rejected
  }
}

// The status and the error of each item are all that is looked at; the rest of an answer is five times as long.
const PATH = '/_bulk?filter_path=errors,error,items.*.status,items.*.error'

/** Cuts lines into requests of at most `maxBytes`; a longer line goes alone. */
function pack(lines: readonly Line[], maxBytes: number): (readonly Line[])[] {
  const requests: Line[][] = []
  let room = 0
  for (const line of lines) {
    if (line.bytes > room) {
      requests.push([])
      room = maxBytes
    }
    requests.at(-1)!.push(line)
    room -= line.bytes
  }
  return requests
}

function bytesOf(lines: readonly Line[]): number {
  return lines.reduce((bytes, line) => bytes + line.bytes, 0)
}
