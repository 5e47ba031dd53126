import type { Check } from '../check.ts'
import { ensure } from '../finding.ts'
import type { Delivered } from '../host/intake.ts'
import type { Subject } from '../subject/subject.ts'
import { until } from '../time.ts'
import { join, produce, textsFor } from '../work/messages.ts'
import { subscribed } from '../work/subscribed.ts'

/** An old subscription gets as long to use its credit up. */
const FILL_MS = 300

/** One subscription in the place of another. */
export const SWAP_SUBSCRIPTION: readonly Check[] = [
  {
    id: 'swap.subscription',
    level: 'must',
    clauses: ['L-4', 'T-10'],
    kinds: ['transport'],
    run: (subject) => replace(subject, false),
  },
  {
    id: 'swap.subscription-held',
    level: 'must',
    clauses: ['L-4', 'T-3', 'T-10'],
    kinds: ['transport'],
    run: (subject) => replace(subject, true),
  },
]

/** Stops a subscription under load and lets another one go on; `isHeld` when nothing has its fate while the old one stops. */
async function replace(subject: Subject, isHeld: boolean): Promise<void> {
  const { definition, peer, intake, generation: before, subscription: old } = await subscribed(subject)
  const accept = (delivered: Delivered): void => void setImmediate(() => delivered.accept())
  const isThere = (text: string): boolean => intake.with(text).length > 0
  intake.onDeliver = accept
  await old.start()
  const next = await subject.open({ generation: 2, live: false })
  const fresh = await join(subject, next, intake)
  const texts = [textsFor(50), textsFor(200), textsFor(50)] as const
  await produce(peer, texts[0], old)
  if (isHeld) {
    await until(() => texts[0].every(isThere))
    intake.onDeliver = undefined
  }
  const during = produce(peer, texts[1], old)
  // It may hold what it has no room to deliver.
  const room = Math.min(old.credit ?? texts[1].length, texts[1].length)
  if (isHeld) await until(() => texts[1].filter(isThere).length >= room, FILL_MS)
  // Two consumers at once would mix the order of what the peer keeps; where it keeps nothing, nobody may be away.
  const steps = [() => old.stop(), async () => await fresh.start()]
  for (const step of definition.redelivers ? steps : steps.toReversed()) await step()
  const undelivered = isHeld ? texts[1].filter((text) => !isThere(text)) : []
  const fates = await Promise.all(undelivered.map(async (text) => await peer.fate?.(text)))
  const early = fates.filter((fate) => fate === 'accepted').length
  ensure(early === 0, {
    did: 'stopped a subscription while none of what it had delivered had its fate',
    saw: `its peer was told that ${early} others are accepted`,
    hint: 'What was not delivered is given back, or left for the peer to send again.',
  })
  intake.onDeliver = accept
  if (isHeld) intake.delivered.forEach(accept)
  next.loan.activate()
  await during
  await before.close()
  await produce(peer, texts[2], fresh)
  const isFated = async (text: string): Promise<boolean> =>
    isThere(text) || (!definition.redelivers && (await peer.fate?.(text)) === 'returned')
  const lost = async (): Promise<readonly string[]> => {
    const fated = await Promise.all(texts.flat().map(isFated))
    return texts.flat().filter((_, i) => !fated[i])
  }
  await until(async () => (await lost()).length === 0)
  const missed = (await lost()).length
  ensure(missed === 0, {
    did: `sent 300 messages before, during and after a swap${isHeld ? ', in which none had its fate' : ''}`,
    saw: `${missed} of them were neither delivered nor given back`,
    hint: 'Deliver or give back what still comes after stop was called; acknowledge nothing of it.',
  })
}
