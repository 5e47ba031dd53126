import { fail, notTried } from '../finding.ts'
import type { AnySession, Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending } from '../time.ts'
import { markedBatch } from './batches.ts'
import { exercise } from './exercise.ts'
import { exported } from './state.ts'
import { signalsOf, write, writeWell } from './write.ts'

const BESIDE = 'The new generation is opened beside the old one, which goes on working until the cut-over.'

/** The next generation, beside the one before; not live yet. */
export function another(subject: Subject, generation = 2): Promise<Generation> {
  return subject.open({ generation, live: false })
}

/** As the gateway hands over where nothing is written meanwhile. */
export async function handOver(before: AnySession, next: AnySession): Promise<void> {
  if (before.exportState === undefined || next.restore === undefined) return
  const state = await exported(before)
  if (state !== undefined) await next.restore(structuredClone(state))
}

/** Ends the check where an output opens without its peer, but can write nothing without it: that is no fault. */
export async function ensureReaches(subject: Subject, session: AnySession): Promise<void> {
  if (subject.isFull || session.write === undefined) return
  for (const signal of signalsOf(subject.definition)) {
    const { how } = await write(session, markedBatch(signal, 1, subject.random).batch)
    if (how !== 'taken') notTried('it can write nothing without its peer', 'setup')
  }
}

/** A session does its work: whatever it is for, it does not fail. */
export async function works(subject: Subject, session: AnySession, when: string): Promise<void> {
  const { definition, random } = subject
  if (session.write !== undefined) {
    for (const signal of signalsOf(definition))
      await writeWell(session, markedBatch(signal, 3, random).batch, when)
    return
  }
  const subscription = await subject.subscription()
  const end = await ending(() => exercise({ session, definition, subscription, random }), PATIENCE.grantMs)
  if (end.how !== 'resolved')
    fail({
      did: `let it work ${when}`,
      saw: end.how === 'pending' ? 'it is pending' : messageOf(end.error),
      hint: BESIDE,
    })
}
