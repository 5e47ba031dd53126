import { setTimeout as delay } from 'node:timers/promises'
import type { Subscription } from '@smart-gateway/sdk'
import type { Check } from '../check.ts'
import { ensure, fail, notTried } from '../finding.ts'
import { KeepingIntake } from '../host/intake.ts'
import type { Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, until } from '../time.ts'
import { subscribe } from '../work/exercise.ts'
import { faultOf } from '../work/faults.ts'
import { join, produce, textsFor } from '../work/messages.ts'
import { ensureAll, ensureFate, subscribed } from '../work/subscribed.ts'

const SUBSCRIPTION_STOP =
  'Subscription.stop: resolves when no further deliver will follow. Calling it twice is fine.'
/** What should not happen is waited for that long. */
const QUIET_MS = 150
/** More than one page or packet. */
const LONG_BYTES = 6000
const LONG_MS = 1000

/** Messages from a peer to the intake. */
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
      if (peer.fate !== undefined) await ensureFate(peer, texts, 'accepted', did)
      await delay(QUIET_MS)
      const twice = texts.filter((text) => intake.with(text).length > 1)
      ensure(twice.length === 0, {
        did,
        saw: `${twice.length} were delivered more than once`,
        hint: 'Acknowledge once the promise has resolved.',
      })
      const [plain] = textsFor(1)
      const strange = plain!.replace('}', ',"text":"ü€𝄞"}')
      await produce(peer, [strange], subscription)
      const token = plain!.slice(0, -1)
      await ensureAll(intake, [token], 'sent a message that is not all ASCII')
      ensure(intake.with(strange).length > 0, {
        did: `sent ${strange}`,
        saw: `the body is ${JSON.stringify(intake.with(token)[0]!.text)}`,
        hint: 'Hand the bytes on as they came; a body that has to be a text is UTF-8.',
      })
      const [short] = textsFor(1)
      const long = short!.replace('}', `,"text":"${'x'.repeat(LONG_BYTES)}"}`)
      await produce(peer, [long], subscription)
      const head = short!.slice(0, -1)
      // One that takes no message of this length may refuse it.
      const came = await until(() => intake.with(head).length > 0, LONG_MS)
      ensure(!came || intake.with(long).length > 0, {
        did: `sent a message of ${long.length} bytes`,
        saw: `the body has ${intake.with(head)[0]!.text.length}`,
        hint: 'A message is whole, or it is none: what is too long is refused.',
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
      if (peer.fate !== undefined) await ensureFate(peer, texts, 'accepted', late)
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
    },
  },
  {
    id: 'transport.recovers',
    level: 'must',
    clauses: ['L-10', 'T-12'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, intake, subscription, generation } = await subscribed(subject)
      const down = faultOf(peer, 'down', 'go away')
      intake.onDeliver = (delivered) => delivered.accept()
      await subscription.start()
      await down()
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
