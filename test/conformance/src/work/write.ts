import type { Batch, Definition, Rejection, Signal } from '@smart-gateway/sdk'
import { ensure, fail } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import { flawOfError, messageOf } from '../subject/message.ts'
import { PATIENCE, ending } from '../time.ts'

/** How a write ended, as the gateway understands it. */
export type Written =
  | { readonly how: 'taken'; readonly rejected: readonly Rejection[] }
  | { readonly how: 'failed'; readonly error: unknown }
  | { readonly how: 'pending' }

/** Writes a batch; fails the check when the answer is none that the contract knows. */
export async function write(
  session: AnySession,
  batch: Batch,
  ms: number = PATIENCE.stepMs,
): Promise<Written> {
  const did = `wrote a batch of ${batch.length} (${batch.signal})`
  const hint = 'Resolve with nothing or { rejected: [{ index, error }] }; reject with an Error.'
  const end = await ending(() => session.write!(batch as never), ms)
  if (end.how === 'pending') return end
  if (end.how === 'rejected') {
    const flaw = flawOfError(end.error)
    if (flaw !== undefined) fail({ did, saw: flaw, hint })
    return { how: 'failed', error: end.error }
  }
  const { rejected = [] } = (end.value ?? {}) as { rejected?: readonly Rejection[] }
  ensure(Array.isArray(rejected), { did, saw: 'its rejected is no list', hint })
  const seen = new Set<number>()
  for (const { index, error } of rejected) {
    ensure(Number.isInteger(index) && index >= 0 && index < batch.length, {
      did,
      saw: `it rejected the record ${index}, there are ${batch.length}`,
      hint,
    })
    ensure(!seen.has(index), { did, saw: `it rejected the record ${index} twice`, hint })
    seen.add(index)
    const flaw = flawOfError(error)
    if (flaw !== undefined) fail({ did, saw: `the record ${index} was rejected, but ${flaw}`, hint })
  }
  return { how: 'taken', rejected }
}

/** Writes a batch that has to be taken whole. */
export async function writeWell(session: AnySession, batch: Batch, when: string): Promise<void> {
  const written = await write(session, batch)
  if (written.how === 'taken' && written.rejected.length === 0) return
  fail({
    did: `wrote a batch of ${batch.length} (${batch.signal}) ${when}`,
    saw:
      written.how === 'taken'
        ? `it rejected ${written.rejected.length}: ${messageOf(written.rejected[0]!.error)}`
        : written.how === 'failed'
          ? `it failed: ${messageOf(written.error)}`
          : `it is pending after ${PATIENCE.stepMs} ms`,
    hint: 'A store that works takes ordinary records.',
  })
}

/** Every signal that an output takes, those on request included. */
export function allSignalsOf(definition: Definition): readonly Signal[] {
  return definition.kind === 'output' ? definition.signals : []
}

/** The signals that an output is given without a request. */
export function signalsOf(definition: Definition): readonly Signal[] {
  if (definition.kind !== 'output') return []
  const { signals, signalsOnRequest = [] } = definition
  const given = signals.filter((signal) => !signalsOnRequest.includes(signal))
  return given.length > 0 ? given : signals
}
