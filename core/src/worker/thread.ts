/**
 * The thread of one generation: imports its plugin, opens it and does what the host asks of its session. What is published is one file:
 * to load its modules one by one took a quarter of the time in which a thread is there.
 */
import { getHeapStatistics } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Batch, Definition, InputSession, OutputSession, RecordSink } from '@smart-gateway/sdk'
import { importDefinition } from '../plugins/definition.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { Sink } from '../pipeline/sink.ts'
import { sessionHealth } from '../session-health.ts'
import { Arrivals, Departures } from './batch-crossing.ts'
import type { Crossing } from './batch-crossing.ts'
import { Channel } from './channel.ts'
import type { Handlers } from './channel.ts'
import { decodeMessages } from './decode-messages.ts'
import type { Messages } from './messages-crossing.ts'
import { toCloneable } from './fault.ts'
import type { Beat, Opened, Written } from './protocol.ts'
import { SeriesCopy } from './series-copy.ts'
import { ThreadContext } from './thread-context.ts'
import type { Lent } from './thread-context.ts'

const BEAT_MS = 1000

const series = new SeriesCopy()
const departures = new Departures((one) => series.tell(one))
const arrivals = new Arrivals((told) => Object.freeze(told))
const sink = new Sink()
let definition: Definition | undefined
let context: ThreadContext | undefined
let session: (InputSession & OutputSession) | undefined

const handlers: Handlers = {
  async import() {
    definition = await importDefinition(workerData as PluginPackage)
    return dataOf(definition)
  },
  async open(lent: Lent): Promise<Opened> {
    context = new ThreadContext(lent, channel, series)
    const open = definition!.open as (context: object) => unknown
    session = (await open(context.context)) as InputSession & OutputSession
    beat()
    return openedOf(session)
  },
  decode: (messages: Messages) => decodeMessages(messages, session!, sink, departures),
  start: () => session!.start?.(emit),
  async write(crossing: Crossing): Promise<Written> {
    const { rejected = [] } = (await session!.write(arrivals.unpack(crossing) as never)) ?? {}
    return rejected.map(({ index, error }) => [index, toCloneable(error)])
  },
  async rehearse(crossing: Crossing): Promise<Written> {
    const { rejected = [] } = (await session!.rehearse!(arrivals.unpack(crossing) as never)) ?? {}
    return rejected.map(({ index, error }) => [index, toCloneable(error)])
  },
  follow: (crossing: Crossing) => session!.follow?.(arrivals.unpack(crossing) as never),
  exportState: () => session!.exportState?.(),
  restore: (state: unknown) => session!.restore?.(state),
  async stop() {
    try {
      await session?.stop?.()
    } finally {
      context?.tellMetrics()
    }
  },
  leave: () => context?.leave(),
  request: (request: Parameters<ThreadContext['answer']>[0]) => context!.answer(request),
  requestGone: (id: number) => context?.forget(id),
}
const channel = new Channel(parentPort as MessagePort, handlers, (error) => {
  throw error
})
setInterval(beat, BEAT_MS).unref()

/** Hands on records that an input without a transport made. */
async function emit(fill: (out: RecordSink) => void): Promise<void> {
  const own = new Sink()
  fill(own)
  const batches = (['metric', 'event', 'log'] as const)
    .map((signal) => own.cut(signal))
    .filter((batch): batch is Batch => batch !== undefined)
  const packed = batches.map((batch) => departures.pack(batch))
  const buffers = packed.flatMap(({ buffers }) => buffers)
  const { rejected, firstRejection, skips } = own.takeNotes()
  const notes = { rejected, firstRejection, skips }
  await channel.ask('emit', { batches: packed.map(({ crossing }) => crossing), notes }, buffers)
}

function beat(): void {
  channel.tell('beat', {
    // Not `process.memoryUsage()`: that opens a file, and would end every thread of a process that has no descriptors left.
    heapBytes: getHeapStatistics().used_heap_size,
    health: sessionHealth(session),
  } satisfies Beat)
}

/** A definition without what cannot cross. */
function dataOf(whole: Definition): object {
  const { open: _, ...data } = whole
  return JSON.parse(JSON.stringify(data)) as object
}

function openedOf(opened: unknown): Opened {
  if (typeof opened !== 'object' || opened === null) return { verbs: [] }
  const members = opened as Record<string, unknown>
  const verbs = VERBS.filter((verb) => typeof members[verb] === 'function')
  return { verbs, ...(typeof members['address'] === 'string' && { address: members['address'] }) }
}

const VERBS = [
  'decode',
  'start',
  'write',
  'rehearse',
  'follow',
  'exportState',
  'restore',
  'health',
  'stop',
] as const
