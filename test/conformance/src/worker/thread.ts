/** The thread of one generation: imports its plugin, opens it and does what the host asks of its session. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Message, RecordSink } from '@smart-gateway/sdk'
import { KeepingSink } from '../host/sink.ts'
import { importDefinition } from '../subject/definition.ts'
import type { AnySession } from '../subject/generation.ts'
import { readPackage } from '../subject/plugin-package.ts'
import { watched } from '../work/unchanged.ts'
import { Arrivals, Departures } from './batch-crossing.ts'
import type { Crossing } from './batch-crossing.ts'
import { Channel } from './channel.ts'
import { ThreadContext } from './context.ts'
import type { Asked } from './context.ts'
import { toFault } from './fault.ts'
import type { Lent, Opened, Wrote } from './protocol.ts'
import { SeriesCopy } from './records-crossing.ts'

const lent = workerData as Lent
const series = new SeriesCopy()
const arrivals = new Arrivals()
let session: AnySession
const VERBS = ['decode', 'start', 'write', 'rehearse', 'follow', 'exportState', 'restore', 'stop'] as const

const channel = new Channel(parentPort!, {
  async open(): Promise<Opened> {
    const { open } = (await importDefinition(readPackage(lent.plugin))) as unknown as {
      open(context: object): Promise<AnySession>
    }
    session = await open(lending.context)
    return { verbs: VERBS.filter((verb) => typeof session?.[verb] === 'function'), address: session?.address }
  },
  start: () => session.start!(emit),
  write: (crossing: Crossing) => take('write', crossing),
  rehearse: (crossing: Crossing) => take('rehearse', crossing),
  follow: (crossing: Crossing) => take('follow', crossing),
  exportState: () => session.exportState!(),
  restore: (state: unknown) => session.restore!(state),
  stop: () => session.stop?.(),
  leave: () => lending.leave(),
  request: (asked: Asked) => lending.answer(asked),
  requestGone: (id: number) => lending.forget(id),
})
// It goes on, so that one mistake is told once.
process.on('uncaughtException', (error) => channel.tell('stray', toFault(error)))
process.on('unhandledRejection', (error) => channel.tell('stray', toFault(error)))
const lending = new ThreadContext(lent, channel, series.table)

lent.decoding.on('message', ({ body, ...rest }: Message) => {
  lent.decoding.postMessage(
    decoded({ ...rest, body: Buffer.from(body.buffer, body.byteOffset, body.length) }),
    [],
  )
  Atomics.store(lent.answered, 0, 1)
  Atomics.notify(lent.answered, 0)
})

/** What comes of a message, as it can cross. */
function decoded(message: Message): object {
  const sink = new KeepingSink()
  try {
    const returned: unknown = session.decode!(message, sink)
    if (returned !== undefined) throw new TypeError('decode returned something')
    return structuredClone({ told: series.tell(sink) })
  } catch (error) {
    return { fault: toFault(error) }
  } finally {
    sink.closed = true
  }
}

/** Hands on records that an input without a transport made. */
async function emit(fill: (out: RecordSink) => void): Promise<void> {
  const sink = new KeepingSink()
  fill(sink)
  sink.closed = true
  await channel.ask('emit', series.tell(sink))
}

async function take(verb: 'write' | 'rehearse' | 'follow', crossing: Crossing): Promise<Wrote> {
  const batch = arrivals.unpack(crossing)
  const isChanged = watched(batch)
  const wrote = { rejected: undefined as unknown, fault: undefined as Wrote['fault'] }
  try {
    const { rejected } = ((await session[verb]!(batch as never)) ?? {}) as { readonly rejected?: unknown }
    wrote.rejected = Array.isArray(rejected)
      ? rejected.map(({ index, error }) => ({ index, error: toFault(error) }))
      : rejected
  } catch (error) {
    wrote.fault = toFault(error)
  }
  return { ...wrote, changed: isChanged() === undefined ? undefined : new Departures().pack(batch) }
}
