import { setTimeout as delay } from 'node:timers/promises'
import type { Subscription } from '@smart-gateway/sdk'
import type { Fate, Peer } from '../author.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { KeepingIntake } from '../host/intake.ts'
import type { Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, until } from '../time.ts'
import { subscribe } from '../work/exercise.ts'
import { join, produce, textsFor } from '../work/messages.ts'

const DELIVER =
  'Intake.deliver: the promise is the fate of the message; a transport MUST wait for it before it acknowledges.'
const SUBSCRIPTION_STOP =
  'Subscription.stop: resolves when no further deliver will follow. Calling it twice is fine.'
/** What should not happen is waited for that long. */
const QUIET_MS = 150

/** Messages from a peer to the intake, and their fate back. */
export const TRANSPORT: readonly Check[] = [
  {
    id: 'transport.subscription',
    level: 'must',
    clauses: ['T-1', 'T-11'],
    kinds: ['transport'],
    async run(subject) {
      const { session } = await subject.open()
      const intake = new KeepingIntake()
      const subscription = await subscribe(session, await subject.subscription(), intake)
      if (subscription === undefined)
        notTried('it refuses the subscription without a peer; give setup in conformance.js', 'setup')
      const { credit, address } = subscription
      const did = 'subscribed'
      const hint = 'See Subscription in the SDK.'
      ensure(credit === undefined || (Number.isInteger(credit) && credit > 0), {
        did,
        saw: `its credit is ${String(credit)}`,
        hint,
      })
      ensure(address === undefined || typeof address === 'string', {
        did,
        saw: `its address is ${typeof address}`,
        hint,
      })
      const stops = await ending(
        () => Promise.all([subscription.stop(), subscription.stop()]),
        PATIENCE.graceMs,
      )
      const again =
        stops.how === 'resolved' ? await ending(() => subscription.stop(), PATIENCE.graceMs) : stops
      if (again.how !== 'resolved')
        fail({
          did: 'stopped the subscription twice at once, then once more',
          saw: again.how === 'pending' ? 'stop is pending' : `stop failed: ${messageOf(again.error)}`,
          hint: SUBSCRIPTION_STOP,
        })
      ensure(intake.failures.length === 0, {
        did: 'stopped the subscription',
        saw: 'it told the host that it failed',
        hint: 'fail is for a subscription that ends without being asked to.',
      })
    },
  },
  {
    id: 'transport.delivers',
    level: 'must',
    clauses: ['T-2'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription } = await subscribed(subject)
      intake.onDeliver = (delivered) => delivered.accept()
      await subscription.start()
      const texts = textsFor(20)
      await produce(peer, texts, subscription)
      const did = 'sent 20 messages and accepted each'
      await ensureAll(intake, texts, did)
      await ensureFate(peer, texts, 'accepted', did)
      await delay(QUIET_MS)
      const twice = texts.filter((text) => intake.with(text).length > 1)
      ensure(twice.length === 0, {
        did,
        saw: `${twice.length} were delivered more than once`,
        hint: 'Acknowledge once the promise has resolved.',
      })
    },
  },
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
      const error = Object.assign(new Error('the store is away'), { retryable: true })
      intake.onDeliver = (delivered) =>
        intake.with(delivered.text).length > 1 ? delivered.accept() : delivered.giveBack(error)
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
      await ensureFate(peer, texts, 'accepted', `${did}, then accepted it`)
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
      const { peer, intake, subscription } = await subscribed(subject)
      const error = Object.assign(new Error('no such thing'), { retryable: false })
      intake.onDeliver = (delivered) => delivered.giveBack(error)
      await subscription.start()
      const texts = textsFor(3)
      await produce(peer, texts, subscription)
      const did = 'sent 3 messages and refused each for good'
      await ensureAll(intake, texts, did)
      await ensureFate(peer, texts, 'refused', did)
      await delay(QUIET_MS)
      const again = texts.filter((text) => intake.with(text).length > 1)
      ensure(again.length === 0, {
        did,
        saw: `${again.length} came again`,
        hint: 'Nack without requeue: a message that nobody can take would go round for ever.',
      })
    },
  },
  {
    id: 'transport.backpressure',
    level: 'must',
    clauses: ['T-8'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription } = await subscribed(subject)
      await subscription.start()
      const texts = textsFor(300)
      const producing = produce(peer, texts, subscription)
      producing.catch(() => undefined)
      await until(
        () => intake.delivered.length >= Math.min(texts.length, subscription.credit ?? texts.length),
        QUIET_MS * 2,
      )
      await delay(QUIET_MS)
      const { credit } = subscription
      const open = intake.delivered.length
      const did = `sent ${texts.length} messages and settled none`
      ensure(credit === undefined || open >= Math.min(credit, texts.length), {
        did,
        saw: `${open} were delivered, its credit is ${credit}`,
        hint: 'Say a number that its peer sends at least: an output that lingers waits for so many.',
      })
      ensure(credit === undefined || open <= 2 * credit, {
        did,
        saw: `${open} were delivered, its credit is ${credit}`,
        hint: 'Let the peer wait: prefetch, credit, or a pause of the socket.',
      })
      intake.onDeliver = (delivered) => delivered.accept()
      for (const delivered of intake.delivered) delivered.accept()
      await producing
      const late = `${did} for a while, then all`
      await ensureAll(intake, texts, late)
      await ensureFate(peer, texts, 'accepted', late)
    },
  },
  {
    id: 'transport.not-before-start',
    level: 'must',
    clauses: ['T-1'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription } = await subscribed(subject)
      // Who cannot keep a message may be told to come again.
      await ending(() => produce(peer, textsFor(2), subscription), QUIET_MS)
      await delay(QUIET_MS)
      ensure(intake.delivered.length === 0, {
        did: 'sent messages to a subscription that was not started',
        saw: `${intake.delivered.length} were delivered`,
        hint: 'Begin to consume in start.',
      })
    },
  },
  {
    id: 'transport.stops',
    level: 'must',
    clauses: ['T-10'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription } = await subscribed(subject)
      await subscription.start()
      const [held] = textsFor(1)
      await produce(peer, [held!], subscription)
      await ensureAll(intake, [held!], 'sent a message')
      const stopped = await ending(() => subscription.stop(), PATIENCE.graceMs)
      ensure(stopped.how === 'resolved', {
        did: 'stopped a subscription with a message that is not settled',
        saw: 'stop does not resolve',
        hint: 'It waits for no fate: take no more, that is all.',
      })
      await ending(() => produce(peer, textsFor(3), subscription), QUIET_MS)
      await delay(QUIET_MS)
      const late = intake.delivered.length - 1
      ensure(late === 0, {
        did: 'sent messages after stop had resolved',
        saw: `${late} were delivered`,
        hint: 'Cancel the consumer before stop resolves.',
      })
      intake.delivered[0]!.accept()
      if (peer.fate !== undefined)
        await ensureFate(
          peer,
          [held!],
          'accepted',
          'stopped the subscription, then accepted what it had delivered',
        )
    },
  },
  {
    id: 'transport.recovers',
    level: 'must',
    clauses: ['L-10', 'T-12'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription, generation } = await subscribed(subject)
      const down =
        peer.faults?.down ??
        notTried('the peer of conformance.js cannot go away (faults.down)', 'faults.down')
      intake.onDeliver = (delivered) => delivered.accept()
      await subscription.start()
      await down.call(peer.faults)
      await until(() => generation.loan.failures.length + intake.failures.length > 0)
      await peer.faults!.heal()
      const hasFailed = generation.loan.failures.length + intake.failures.length > 0
      const did = `let its peer go away and come back; the host was ${hasFailed ? '' : 'not '}told`
      const next = hasFailed ? await anew(subject, generation, intake) : subscription
      const texts = textsFor(2)
      const produced = await ending(() => produce(peer, texts, next))
      const isThere =
        produced.how === 'resolved' &&
        (await until(() => texts.every((text) => intake.with(text).length > 0)))
      ensure(isThere, {
        did,
        saw: 'messages are not delivered any more',
        hint: 'Call context.fail when the connection is gone: the host opens anew.',
      })
    },
  },
]

/** A subscription that is not started yet. */
async function subscribed(subject: Subject) {
  const { definition } = subject
  if (definition.kind !== 'transport') notRun('it is no transport')
  const peer = await subject.peer()
  if (peer.produce === undefined) notTried('the peer of conformance.js cannot produce', 'produce')
  const generation = await subject.open()
  const intake = new KeepingIntake()
  return { definition, peer, generation, intake, subscription: await join(subject, generation, intake) }
}

/** As the gateway does after a failure. */
async function anew(subject: Subject, before: Generation, intake: KeepingIntake): Promise<Subscription> {
  let next = before
  if (before.loan.failures.length > 0) {
    await before.close()
    next = await subject.open({ generation: 2 })
  }
  const subscription = await join(subject, next, intake)
  await subscription.start()
  return subscription
}

function fateOf(peer: Peer): (text: string) => Promise<Fate | undefined> {
  if (peer.fate === undefined)
    notTried('the peer of conformance.js cannot tell the fate of a message', 'fate')
  return async (text) => await peer.fate!(text)
}

async function ensureAll(intake: KeepingIntake, texts: readonly string[], did: string): Promise<void> {
  const isAll = await until(() => texts.every((text) => intake.with(text).length > 0))
  const lost = texts.filter((text) => intake.with(text).length === 0)
  ensure(isAll, {
    did,
    saw: `${lost.length} of ${texts.length} were not delivered`,
    hint: 'Each message goes to intake.deliver, its body as the peer sent it.',
  })
}

async function ensureFate(peer: Peer, texts: readonly string[], wanted: Fate, did: string): Promise<void> {
  if (peer.fate === undefined) return
  const fate = fateOf(peer)
  const fates = async (): Promise<readonly (Fate | undefined)[]> => await Promise.all(texts.map(fate))
  await until(async () => (await fates()).every((one) => one === wanted))
  const wrong = (await fates()).find((one) => one !== wanted)
  const isAll = (await fates()).every((one) => one === wanted)
  ensure(isAll, {
    did,
    saw: `its peer was told ${wrong ?? 'nothing'}, not that it is ${wanted}`,
    hint: DELIVER,
  })
}
