import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { fail, notRun } from '../finding.ts'
import { beginToOpen } from '../subject/generation.ts'
import { unreachable } from '../subject/elsewhere.ts'
import { flawOfError } from '../subject/message.ts'
import { closedPort } from '../subject/silent-peer.ts'
import { ending } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { worthWriting } from '../work/stored.ts'

const ERRORS_CLAUSE =
  'PluginError: an Error with a sentence; retryable is a boolean, retryAfter a number of milliseconds above 0, code a text.'
const HINT = 'Throw retryable(…) or permanent(…): they are told apart by their properties, not their class.'

/** How failures look, whatever they are of. */
export const ERRORS: readonly Check[] = [
  {
    id: 'errors.open',
    level: 'must',
    clause: ERRORS_CLAUSE,
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
    clause: ERRORS_CLAUSE,
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const { session } = await subject.open()
      const { faults } = peer
      if (faults === undefined) notRun('the peer of conformance.js has no faults')
      const [signal] = worthWriting(subject, peer)
      for (const fault of ['refuse', 'busy', 'down'] as const) {
        await faults[fault]?.(1000)
        const end = await ending(() => session.write!(markedBatch(signal!, 3, subject.random).batch as never))
        await faults.heal()
        const flaw = end.how === 'rejected' ? flawOfError(end.error) : undefined
        if (flaw !== undefined)
          fail({ did: `wrote while the fault "${fault}" was on`, saw: flaw, hint: HINT })
      }
    },
  },
]
