import { receiveMessageOnPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Batch, Message, RecordSink, SeriesTable } from '@smart-gateway/sdk'
import type { AnySession } from '../subject/generation.ts'
import { Arrivals, Departures } from './batch-crossing.ts'
import { fromFault } from './fault.ts'
import type { Fault } from './fault.ts'
import type { Lending } from './lending.ts'
import type { Opened, Wrote } from './protocol.ts'
import { fill } from './records-crossing.ts'
import type { Told } from './records-crossing.ts'

/** After that the gateway ends a thread that does not turn. */
const SILENT_MS = 6000

/** The host's ends of the ways into a thread. */
export interface Ways {
  readonly lending: Lending
  readonly decoding: MessagePort
  readonly answered: Int32Array<SharedArrayBuffer>
  readonly series: SeriesTable
}

/** A session in a thread, seen from the host. It decodes as one that is here does: the host stands still meanwhile. */
export function remoteSession({ verbs, address }: Opened, ways: Ways): AnySession {
  const { lending } = ways
  const { channel } = lending
  const departures = new Departures()
  const send =
    (verb: string) =>
    async (batch: Batch): Promise<never> => {
      const wrote = await channel.ask<Wrote>(verb, departures.pack(batch))
      // What was done to the copy is shown where checks look.
      if (wrote.changed !== undefined) Object.assign(batch, new Arrivals().unpack(wrote.changed))
      if (wrote.fault !== undefined) throw fromFault(wrote.fault)
      return { rejected: rejectedOf(wrote) } as never
    }
  const members = {
    decode: (message: Message, out: RecordSink) => decode(message, out, ways),
    start: async (emit: Lending['emitTo']) => {
      lending.emitTo = emit
      await channel.ask('start')
    },
    write: send('write'),
    rehearse: send('rehearse'),
    follow: send('follow'),
    exportState: () => channel.ask('exportState'),
    restore: (state: unknown) => channel.ask<void>('restore', state),
    stop: () => channel.ask<void>('stop'),
  }
  const there = Object.entries(members).filter(([verb]) => verbs.includes(verb))
  return { ...Object.fromEntries(there), ...(address !== undefined && { address }) } as AnySession
}

function rejectedOf({ rejected }: Wrote): unknown {
  if (!Array.isArray(rejected)) return rejected
  return rejected.map(({ index, error }: { index: unknown; error: Fault }) => ({
    index,
    error: fromFault(error),
  }))
}

function decode(message: Message, out: RecordSink, { decoding, answered, series }: Ways): void {
  Atomics.store(answered, 0, 0)
  decoding.postMessage(message, [])
  if (Atomics.wait(answered, 0, 0, SILENT_MS) === 'timed-out')
    throw new Error(`its thread did not turn for ${SILENT_MS} ms`)
  const { told, fault } = receiveMessageOnPort(decoding)!.message as { told: Told; fault?: Fault }
  if (fault !== undefined) throw fromFault(fault)
  fill(out, told, series)
}
