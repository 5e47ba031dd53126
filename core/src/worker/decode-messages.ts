import type { InputSession, Message, RecordSink } from '@smart-gateway/sdk'
import { decodeEach } from '../pipeline/decode-each.ts'
import type { Sink } from '../pipeline/sink.ts'
import type { Departures } from './batch-crossing.ts'
import { Moved } from './channel.ts'
import type { DecodedCrossing } from './decoded.ts'
import { toCloneable } from './fault.ts'
import { unpackMessages } from './messages-crossing.ts'
import type { Messages } from './messages-crossing.ts'

/** Decodes messages in the thread, and packs what came of them. */
export function decodeMessages(
  messages: Messages,
  session: InputSession,
  sink: Sink,
  departures: Departures,
): Moved {
  const decode = (message: Message, out: RecordSink): void => session.decode!(message, out)
  const { count, batches, ends, failures, notes } = decodeEach(unpackMessages(messages), 0, decode, sink)
  const packed = batches.map((batch) => departures.pack(batch))
  const crossing: DecodedCrossing = {
    count,
    batches: packed.map(({ crossing }) => crossing),
    ends,
    failures: [...failures].map(([i, error]) => [i, toCloneable(error)]),
    notes: [...notes],
  }
  return new Moved(
    crossing,
    packed.flatMap(({ buffers }) => buffers),
  )
}
