import type { Check } from '../check.ts'
import { ensure, notRun, notTried } from '../finding.ts'
import { KeepingIntake } from '../host/intake.ts'
import { PATIENCE, ending, until } from '../time.ts'
import { subscribe } from '../work/exercise.ts'
import { whyImpossible } from '../work/impossible.ts'
import { produce, textsFor } from '../work/messages.ts'
import { away, ensureAll, subscribed } from '../work/subscribed.ts'

/** More than one subscription takes before its first message has its fate. */
const MANY = 500

/** What subscriptions owe each other, and those whose peer sends nothing again. */
export const SUBSCRIPTIONS: readonly Check[] = [
  {
    id: 'transport.apart',
    level: 'must',
    clauses: ['T-13'],
    kinds: ['transport'],
    async run(subject) {
      const { peer, generation, intake, subscription } = await subscribed(subject)
      const other = new KeepingIntake()
      other.onDeliver = (delivered) => delivered.accept()
      const options = await subject.subscription()
      const beside = await subscribe(generation.session, options, other, 'other')
      if (beside === undefined) notRun('it takes what the peer sends for one input only')
      const did = 'started two subscriptions, of which the first gets no fate for what it has delivered'
      for (const one of [subscription, beside]) {
        const started = await ending(async () => one.start(), PATIENCE.grantMs)
        ensure(started.how === 'resolved', {
          did,
          saw: `a start ${started.how === 'pending' ? 'is pending' : 'failed'}`,
          hint: 'No subscription waits for another one.',
        })
      }
      const texts = textsFor(MANY)
      await ending(() => produce(peer, texts, beside), PATIENCE.stepMs)
      const hasCome = await until(() => other.delivered.length > 0)
      if (!hasCome && intake.delivered.length >= MANY) notTried('its peer gave all to the first of two')
      ensure(hasCome, {
        did: `${did}, and sent ${MANY} messages`,
        saw: `the first delivered ${intake.delivered.length}, the second none`,
        hint: 'Let each subscription wait for its own intake: nothing that both go through waits for a fate.',
      })
    },
  },
  {
    id: 'transport.last-try',
    level: 'must',
    clauses: ['T-7'],
    kinds: ['transport'],
    async run(subject) {
      const { definition } = subject
      if (definition.kind === 'transport' && definition.redelivers)
        notRun('its definition says that its peer redelivers')
      const { peer, intake, subscription } = await subscribed(subject)
      // A peer that is told of a failure may send again whatever the definition says.
      if (peer.fate !== undefined || (await whyImpossible('fate', subject)) === undefined)
        notRun('its peer is told what became of a message, and may send it again')
      intake.onDeliver = (delivered) => delivered.giveBack(away())
      await subscription.start()
      const texts = textsFor(3)
      await produce(peer, texts, subscription)
      await ensureAll(intake, texts, 'sent 3 messages')
      // It may hand a message in again itself.
      const isLast = (text: string): boolean => intake.with(text).at(-1)?.message.lastTry === true
      await until(() => texts.every(isLast), PATIENCE.settleMs)
      const unsaid = texts.filter((text) => !isLast(text)).length
      ensure(unsaid === 0, {
        did: 'sent 3 messages to a transport that never says a word to its peer, and gave each back whenever it came',
        saw: `${unsaid} of them never came with lastTry`,
        hint: 'Deliver with lastTry: true what nobody sends again: the gateway counts it as lost then, not as given back.',
      })
    },
  },
]
