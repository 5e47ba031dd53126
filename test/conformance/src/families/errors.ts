import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { fail, notRun } from '../finding.ts'
import { beginToOpen, openGeneration } from '../subject/generation.ts'
import { unreachable } from '../subject/elsewhere.ts'
import { flawOfError, textsOf } from '../subject/message.ts'
import { CANARY, withCanary } from '../subject/secrets.ts'
import { closedPort } from '../subject/silent-peer.ts'
import { ending } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { inTime } from '../work/faulty.ts'
import { worthWriting } from '../work/stored.ts'

const FAULTS = ['refuse', 'busy', 'down'] as const
const HINT = 'Throw retryable(…) or permanent(…): they are told apart by their properties, not their class.'

/** How failures look, whatever they are of. */
export const ERRORS: readonly Check[] = [
  {
    id: 'errors.open',
    level: 'must',
    clauses: ['E-1', 'E-2', 'E-5'],
    kinds: KINDS,
    async run(subject) {
      const { definition, traces, host } = subject
      const options = await unreachable(subject, await closedPort())
      const { loan, session } = traces.run(() =>
        beginToOpen(definition, host, { instance: 'subject', generation: 1 }, options),
      )
      const end = await ending(() => session)
      await loan.takeBack()
      if (end.how === 'resolved') await ending(async () => end.value?.stop?.())
      if (end.how !== 'rejected') notRun('it opens although nobody is there')
      const flaw = flawOfError(end.error)
      if (flaw !== undefined) fail({ did: 'opened it where nobody listens', saw: flaw, hint: HINT })
    },
  },
  {
    id: 'errors.write',
    level: 'must',
    clauses: ['E-1', 'E-2', 'E-5'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const { session } = await subject.open()
      const { faults } = peer
      if (faults === undefined) notRun('the peer of conformance.js has no faults')
      for (const signal of inTime(worthWriting(subject, peer)))
        for (const fault of FAULTS) {
          await faults[fault]?.(1000)
          const { batch } = markedBatch(signal, 3, subject.random)
          const end = await ending(() => session.write!(batch as never))
          await faults.heal()
          const flaw = end.how === 'rejected' ? flawOfError(end.error) : undefined
          if (flaw !== undefined)
            fail({ did: `wrote (${signal}) while the fault "${fault}" was on`, saw: flaw, hint: HINT })
        }
    },
  },
  {
    id: 'errors.secrets-hidden',
    level: 'must',
    clauses: ['E-3'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const { definition, validator, host, traces, random } = subject
      const { faults } = peer
      if (faults === undefined) notRun('the peer of conformance.js has no faults')
      const reach = { port: await closedPort() }
      const candidates = withCanary(definition.options, peer.options, validator, reach)
      if (candidates.length === 0) notRun('no option is marked as a secret')
      const signals = worthWriting(subject, peer)
      for (const [generation, { key, options }] of candidates.entries()) {
        const owner = { instance: 'secret', generation }
        const valid = subject.valid(definition.options, options)
        const opened = await ending(() => traces.run(() => openGeneration(definition, host, owner, valid)))
        // What it says then is for options.secrets-hidden.
        if (opened.how !== 'resolved') continue
        const ways = signals.flatMap((signal) => FAULTS.map((fault) => ({ signal, fault })))
        for (const { signal, fault } of inTime(ways)) {
          await faults[fault]?.(1000)
          const { batch } = markedBatch(signal, 3, random)
          const end = await ending(() => opened.value.session.write!(batch as never))
          await faults.heal()
          const errors = end.how === 'rejected' ? [end.error] : []
          if (end.how === 'resolved') errors.push(...(end.value?.rejected ?? []).map(({ error }) => error))
          const place = errors.flatMap(textsOf).find((text) => text.includes(CANARY))
          if (place === undefined) continue
          fail({
            did: `gave it a secret as ${key}, and wrote (${signal}) while the fault "${fault}" was on`,
            saw: `its error shows the secret: ${place.replaceAll(CANARY, '<the secret>').slice(0, 300)}`,
            hint: 'Say where and what failed; requests and options hold secrets.',
          })
        }
        await opened.value.close()
      }
    },
  },
]
