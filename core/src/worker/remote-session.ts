import type { Batch, Health, Kind, Message, RecordSink, WriteResult } from '@smart-gateway/sdk'
import { GatewayError } from '../errors.ts'
import { Departures } from './batch-crossing.ts'
import type { Decoded } from '../pipeline/decoded.ts'
import type { DecodedCrossing } from './decoded.ts'
import { fromCloneable } from './fault.ts'
import type { Lending } from './lending.ts'
import { packMessages } from './messages-crossing.ts'
import type { PluginThread } from './plugin-thread.ts'
import type { Opened, Written } from './protocol.ts'

/** What a session in a thread can do, seen from the host: the verbs of its kind, but that decoding takes its time. */
export interface RemoteSession {
  readonly address?: string
  health(): Health
  stop(): Promise<void>
  decodeMany?(messages: readonly Message[]): Promise<Decoded>
  start?(emit: (fill: (out: RecordSink) => void) => Promise<void>): Promise<void>
  write?(batch: Batch): Promise<WriteResult>
  rehearse?(batch: Batch): Promise<WriteResult>
  follow?(batch: Batch): Promise<void>
  exportState?(): Promise<unknown>
  restore?(state: unknown): Promise<void>
}

/** Throws SG_DEFINITION_INVALID when what was opened has not the verbs of its kind. */
export function remoteSession(
  kind: Kind,
  { verbs, address }: Opened,
  thread: PluginThread,
  lending: Lending,
): RemoteSession {
  const { channel } = thread
  const has = (verb: string): boolean => verbs.includes(verb)
  const isWhole = kind === 'input' ? has('decode') !== has('start') : has('write')
  if (!isWhole)
    throw new GatewayError(
      'SG_DEFINITION_INVALID',
      `open did not return a session with ${kind === 'input' ? 'decode or start' : 'write'}`,
    )
  const departures = new Departures()
  const send = (verb: 'write' | 'rehearse' | 'follow', batch: Batch): Promise<unknown> => {
    const { crossing, buffers } = departures.pack(batch)
    return channel.ask(verb, crossing, buffers)
  }
  return {
    ...(address !== undefined && { address }),
    health: () => thread.health ?? { state: 'ready' },
    stop: () => channel.ask('stop', undefined),
    ...(has('decode') && {
      async decodeMany(messages: readonly Message[]) {
        const { packed, buffers } = packMessages(messages)
        const { count, batches, ends, failures, notes } = await channel.ask<DecodedCrossing>(
          'decode',
          packed,
          buffers,
        )
        return {
          count,
          batches: batches.map((batch) => lending.arrivals.unpack(batch)),
          ends,
          failures: new Map(failures.map(([i, fault]) => [i, fromCloneable(fault)])),
          notes: new Map(notes),
        }
      },
    }),
    ...(has('start') && {
      async start(emit: (fill: (out: RecordSink) => void) => Promise<void>) {
        lending.emitTo = emit
        await channel.ask('start', undefined)
      },
    }),
    ...(has('write') && { write: async (batch: Batch) => resultOf(await send('write', batch)) }),
    ...(has('rehearse') && { rehearse: async (batch: Batch) => resultOf(await send('rehearse', batch)) }),
    ...(has('follow') && { follow: (batch: Batch) => send('follow', batch) as Promise<void> }),
    ...(has('exportState') && { exportState: () => channel.ask('exportState', undefined) }),
    ...(has('restore') && { restore: (state: unknown) => channel.ask<void>('restore', state) }),
  }
}

function resultOf(written: unknown): WriteResult {
  return { rejected: (written as Written).map(([index, fault]) => ({ index, error: fromCloneable(fault) })) }
}
