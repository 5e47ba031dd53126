import { setTimeout as delay } from 'node:timers/promises'
import type { Check } from '../check.ts'
import { ensure, notRun } from '../finding.ts'
import { KeepingIntake } from '../host/intake.ts'
import { PATIENCE, until } from '../time.ts'
import { whyImpossible } from '../work/impossible.ts'
import { join, produce, textsFor } from '../work/messages.ts'
import { away, ensureAll, ensureFate, fateOf, subscribed, unusable } from '../work/subscribed.ts'

/** What should not happen is waited for that long. */
const QUIET_MS = 150

/** What a transport tells its peer of a message. */
export const SETTLING: readonly Check[] = [
  {
    id: 'transport.waits',
    level: 'must',
    clauses: ['T-3'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription } = await subscribed(subject)
      const fate = fateOf(peer)
      await subscription.start()
      const [text] = textsFor(1)
      await produce(peer, [text!], subscription)
      await ensureAll(intake, [text!], 'sent a message')
      await delay(QUIET_MS)
      const early = await fate(text!)
      ensure(early === undefined, {
        did: 'sent a message and did not settle it',
        saw: `its peer was told that it is ${String(early)}`,
        hint: 'Acknowledge when the promise of deliver resolves, not before.',
      })
      intake.delivered[0]!.accept()
      await ensureFate(peer, [text!], 'accepted', 'sent a message and accepted it later')
    },
  },
  {
    id: 'transport.gives-back',
    level: 'must',
    clauses: ['T-4'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription, definition } = await subscribed(subject)
      if (!definition.redelivers) fateOf(peer)
      intake.onDeliver = (delivered) =>
        intake.with(delivered.text).length > 1 ? delivered.accept() : delivered.giveBack(away())
      await subscription.start()
      const texts = textsFor(3)
      await produce(peer, texts, subscription)
      await ensureAll(intake, texts, 'sent 3 messages')
      const did = 'sent 3 messages and gave each back as retryable'
      if (!definition.redelivers) return await ensureFate(peer, texts, 'returned', did)
      const again = await until(() => texts.every((text) => intake.with(text).length > 1))
      ensure(again, {
        did,
        saw: 'they did not come again, although its definition says that its peer redelivers',
        hint: 'Hand the message back to the peer: nack with requeue.',
      })
      if (peer.fate !== undefined) await ensureFate(peer, texts, 'accepted', `${did}, then accepted it`)
    },
  },
  {
    id: 'transport.redelivers',
    level: 'must',
    clauses: ['T-6'],
    kinds: ['transport'],
    async run(subject) {
      const { definition } = subject
      if (definition.kind === 'transport' && !definition.redelivers)
        notRun('its definition says that its peer does not redeliver')
      const { peer, intake, subscription, generation } = await subscribed(subject)
      await subscription.start()
      const texts = textsFor(3)
      await produce(peer, texts, subscription)
      await ensureAll(intake, texts, 'sent 3 messages')
      await generation.close()
      const next = new KeepingIntake()
      next.onDeliver = (delivered) => delivered.accept()
      await (await join(subject, await subject.open({ generation: 2 }), next)).start()
      await until(() => texts.every((text) => next.with(text).length > 0), PATIENCE.settleMs)
      const lost = texts.filter((text) => next.with(text).length === 0).length
      ensure(lost === 0, {
        did: 'sent 3 messages, settled none, stopped the session and opened another one',
        saw: `${lost} of them did not come again, although its definition says that its peer redelivers`,
        hint: 'Acknowledge nothing that has no fate, in stop neither; or say that it does not redeliver.',
      })
    },
  },
  {
    id: 'transport.refuses',
    level: 'must',
    clauses: ['T-5'],
    kinds: ['transport'],
    async run(subject) {
      // First: a source may be there for one subscription at a time.
      const isImpossible = (await whyImpossible('fate', subject)) !== undefined
      const { peer, intake, subscription } = await subscribed(subject)
      const isTold = peer.fate !== undefined || !isImpossible
      if (isTold) fateOf(peer)
      intake.onDeliver = (delivered) => delivered.giveBack(unusable())
      await subscription.start()
      const texts = textsFor(3)
      await produce(peer, texts, subscription)
      const did = 'sent 3 messages and refused each for good'
      await ensureAll(intake, texts, did)
      if (isTold) await ensureFate(peer, texts, 'refused', did)
      await delay(isTold ? QUIET_MS : PATIENCE.settleMs)
      const again = texts.filter((text) => intake.with(text).length > 1)
      ensure(again.length === 0, {
        did,
        saw: `${again.length} came again`,
        hint: 'Nack without requeue: a message that nobody can take would go round for ever.',
      })
    },
  },
  {
    id: 'transport.settles-late',
    level: 'must',
    clauses: ['T-4', 'T-5', 'T-10'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription } = await subscribed(subject)
      fateOf(peer)
      await subscription.start()
      const texts = textsFor(3)
      await produce(peer, texts, subscription)
      await ensureAll(intake, texts, 'sent 3 messages')
      await subscription.stop()
      const [accepted, returned, refused] = texts.map((text) => intake.with(text)[0]!)
      accepted!.accept()
      returned!.giveBack(away())
      refused!.giveBack(unusable())
      const did = 'stopped the subscription, then'
      const hint = 'What was delivered before is settled as ever, until the session stops.'
      await ensureFate(peer, [accepted!.text], 'accepted', `${did} accepted what it had delivered`, hint)
      await ensureFate(peer, [returned!.text], 'returned', `${did} gave back what it had delivered`, hint)
      await ensureFate(peer, [refused!.text], 'refused', `${did} refused what it had delivered`, hint)
    },
  },
  {
    id: 'transport.full',
    level: 'must',
    clauses: ['T-3', 'T-9'],
    kinds: ['transport'],
    async run(subject) {
      const { definition, peer, intake, subscription } = await subscribed(subject)
      intake.full = true
      await subscription.start()
      const texts = textsFor(20)
      await produce(peer, texts, subscription)
      await delay(QUIET_MS)
      const did = 'sent 20 messages while the intake was full'
      const isKept = (text: string): boolean => intake.with(text).length > 0
      const fates = await Promise.all(texts.map(async (text) => await peer.fate?.(text)))
      const early = fates.filter((fate) => fate === 'accepted').length
      ensure(early === 0, {
        did,
        saw: `its peer was told that ${early} of them are accepted`,
        hint: 'Let it wait, or give the message back: intake.full says that nobody takes it now.',
      })
      const settle = (text: string): void => intake.with(text).forEach((one) => one.accept())
      intake.onDeliver = (delivered) => delivered.accept()
      texts.filter(isKept).forEach(settle)
      intake.full = false
      // Who cannot be told to wait may have been told no.
      const isOver = async (text: string): Promise<boolean> =>
        isKept(text) || (!definition.redelivers && (await peer.fate?.(text)) === 'returned')
      const lost = async (): Promise<number> =>
        (await Promise.all(texts.map(isOver))).filter((isOverNow) => !isOverNow).length
      await until(async () => (await lost()) === 0)
      const missed = await lost()
      // One that can do neither may lose what comes.
      if (missed > 0 && !definition.redelivers) fateOf(peer)
      ensure(missed === 0, {
        did: `${did}, until there was room`,
        saw: `${missed} of them were neither delivered nor given back`,
        hint: 'Go on once intake.room() has resolved.',
      })
    },
  },
]
