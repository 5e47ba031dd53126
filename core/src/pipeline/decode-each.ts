import type { Batch, PluginError, RecordSink } from '@smart-gateway/sdk'
import { asError } from '../errors.ts'
import type { Decoded, Notes } from './decoded.ts'
import type { Sink } from './sink.ts'

const MAX_ITEMS = 1000
/** After so many the clock is looked at: the cheapest take about 12 µs together. */
const ITEMS_PER_LOOK = 8

/** Where decoding stops: at so many records, or some items after a moment, as `performance.now()` has it. */
export interface Until {
  readonly records?: number
  readonly endMs?: number
}

/** Decodes items one after the other, from a position on. One that fails leaves nothing behind. */
export function decodeEach<T>(
  items: readonly T[],
  from: number,
  decode: (item: T, out: RecordSink) => void,
  sink: Sink,
  { records: maxRecords = Infinity, endMs = Infinity }: Until = {},
): Decoded {
  const most = Math.min(items.length - from, MAX_ITEMS)
  const ends = { metric: new Uint32Array(most), event: new Uint32Array(most), log: new Uint32Array(most) }
  let failures: Map<number, PluginError> | undefined
  let notes: Map<number, Notes> | undefined
  let count = 0
  // What a decoder put there after it had returned belongs to no message.
  sink.rewind(0, 0, 0)
  while (count < most && sink.samples + sink.events + sink.logs < maxRecords) {
    if (count % ITEMS_PER_LOOK === ITEMS_PER_LOOK - 1 && performance.now() >= endMs) break
    const { samples, events, logs } = sink
    try {
      const made: unknown = decode(items[from + count]!, sink)
      if (made !== undefined) refusePromise(made)
      if (sink.noted) (notes ??= new Map<number, Notes>()).set(count, sink.takeNotes())
    } catch (error) {
      sink.takeNotes()
      sink.rewind(samples, events, logs)
      ;(failures ??= new Map<number, PluginError>()).set(count, asError(error))
    }
    ends.metric[count] = sink.samples
    ends.event[count] = sink.events
    ends.log[count] = sink.logs
    count++
  }
  return { count, batches: batchesIn(sink), ends, failures: failures ?? NONE, notes: notes ?? NONE }
}

const NONE = new Map<number, never>()

function refusePromise(made: unknown): void {
  if (typeof (made as PromiseLike<void>).then !== 'function') return
  Promise.resolve(made).catch(() => undefined)
  throw new Error('decode returned a promise: it must be synchronous')
}

/** Everything that the sink holds. */
function batchesIn(sink: Sink): readonly Batch[] {
  const batches: Batch[] = []
  for (const signal of SIGNALS) {
    const batch = sink.cut(signal)
    if (batch !== undefined) batches.push(batch)
  }
  return batches
}

const SIGNALS = ['metric', 'event', 'log'] as const
