import type { Subscription } from '@smart-gateway/sdk'
import type { Peer } from '../author.ts'
import { fail } from '../finding.ts'
import type { KeepingIntake } from '../host/intake.ts'
import { keepingLogger } from '../host/log.ts'
import type { Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending } from '../time.ts'

/** Subscribes with the subscription of the peer; it is not started yet. */
export async function join(
  subject: Subject,
  { session }: Generation,
  intake: KeepingIntake,
): Promise<Subscription> {
  const options = await subject.subscription()
  const end = await ending(
    () =>
      subject.traces.run(() =>
        session.subscribe!(options as never, intake, { input: 'reader', log: keepingLogger([]) }),
      ),
    PATIENCE.grantMs,
  )
  if (end.how === 'resolved') return end.value
  return fail({
    did: 'subscribed with the subscription of the peer',
    saw: end.how === 'pending' ? 'it is pending' : `it failed: ${messageOf(end.error)}`,
    hint: 'The peer of conformance.js has to have what its subscription names.',
  })
}

/** Texts for messages, none of which holds another one. */
export function textsFor(count: number): readonly string[] {
  // The token ends, so that none is the beginning of another one.
  return Array.from({ length: count }, () => JSON.stringify({ token: `m${(made++).toString(36)}z` }))
}

let made = 0

/** Lets the peer send messages to where the subscription is. */
export async function produce(
  peer: Peer,
  texts: readonly string[],
  { address }: Subscription,
): Promise<void> {
  await peer.produce!(texts, address)
}
