import type { Batch, InputSession } from '@smart-gateway/sdk'
import type { Sink } from '../pipeline/sink.ts'
import type { Departures } from './batch-crossing.ts'
import { Moved } from './channel.ts'
import type { Notes } from '../pipeline/decoded.ts'
import type { DecodedCrossing } from './decoded.ts'
import { toCloneable } from './fault.ts'
import type { Fault } from './fault.ts'
import { unpackMessages } from './messages-crossing.ts'
import type { Messages } from './messages-crossing.ts'

/** Decodes messages in the thread, one after the other: one that fails leaves nothing behind. */
export function decodeMessages(
  messages: Messages,
  session: InputSession,
  sink: Sink,
  departures: Departures,
): Moved {
  const count = messages.rests.length
  const ends = { metric: new Uint32Array(count), event: new Uint32Array(count), log: new Uint32Array(count) }
  const failures: [number, Fault][] = []
  const notes: [number, Notes][] = []
  sink.rewind(0, 0, 0)
  for (const [i, message] of unpackMessages(messages).entries()) {
    const { samples, events, logs } = sink
    try {
      const made: unknown = session.decode!(message, sink)
      if (typeof (made as PromiseLike<void> | undefined)?.then === 'function') {
        Promise.resolve(made).catch(() => undefined)
        throw new Error('decode returned a promise: it must be synchronous')
      }
      if (sink.noted) notes.push([i, sink.takeNotes()])
    } catch (error) {
      sink.takeNotes()
      sink.rewind(samples, events, logs)
      failures.push([i, toCloneable(error)])
    }
    ends.metric[i] = sink.samples
    ends.event[i] = sink.events
    ends.log[i] = sink.logs
  }
  const batches = (['metric', 'event', 'log'] as const)
    .map((signal) => sink.cut(signal))
    .filter((batch): batch is Batch => batch !== undefined)
  const packed = batches.map((batch) => departures.pack(batch))
  const crossing: DecodedCrossing = { batches: packed.map(({ crossing }) => crossing), ends, failures, notes }
  return new Moved(
    crossing,
    packed.flatMap(({ buffers }) => buffers),
  )
}
