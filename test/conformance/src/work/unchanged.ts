import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Batch } from '@smart-gateway/sdk'
import { ending, turn } from '../time.ts'
import type { Ending } from '../time.ts'

/** How long after its use a batch is looked at once more: outputs share it, and it may wait in a queue. */
export const LATER_MS = 100

/** Takes note of a batch; what was changed in it since, or undefined. */
export function watched(batch: Batch): () => string | undefined {
  const before = pictureOf(batch)
  return () => {
    const now = pictureOf(batch)
    const changed = Object.keys({ ...before, ...now }).find(
      (key) => !isDeepStrictEqual(before[key], now[key]),
    )
    return changed === undefined ? undefined : `its ${changed} changed`
  }
}

/** Does something with a batch and looks at it all the while, as another output would; what was changed in it, or undefined. */
export async function watchedWhile<T>(
  changed: () => string | undefined,
  work: () => T | PromiseLike<T>,
  ms?: number,
): Promise<{ readonly end: Ending<T>; readonly what: string | undefined }> {
  let isOver = false
  const ended = ending(work, ms).finally(() => (isOver = true))
  let what = changed()
  for (let look = 0; !isOver && what === undefined; look++) {
    // A store on this machine answers within a few turns; one that is away may take its time.
    await (look < 50 ? turn() : delay(5))
    what = changed()
  }
  const end = await ended
  return { end, what: what ?? changed() }
}

/** What an error says of the attempt to change what is frozen; undefined when it is about something else. */
export function attemptIn(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 8; error = error.cause, depth++)
    if (error instanceof TypeError && FROZEN.test(error.message)) return error.message
  return undefined
}

/** V8's sentences. */
const FROZEN =
  /read[ -]only property|object is not extensible|Cannot (?:delete|redefine) property|Cannot assign to property/

// A copy that keeps what structured cloning would lose, such as which objects stand where.
function pictureOf(batch: Batch): Record<string, unknown> {
  if (batch.signal !== 'metric') return { ...batch, records: structuredClone(batch.records) }
  const { series, values, times } = batch
  return {
    ...batch,
    series: structuredClone(series),
    order: [...series],
    values: Array.from(values),
    times: Array.from(times),
  }
}
