import type { Check } from '../check.ts'
import { KINDS } from '../check.ts'
import { ensure } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { ending, inTime, PATIENCE } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { missing, worthWriting } from '../work/stored.ts'
import { another, ensureReaches, handOver, works } from '../work/succession.ts'
import { writeWell } from '../work/write.ts'

/** One generation in the place of another. */
export const SWAP: readonly Check[] = [
  {
    id: 'swap.beside',
    level: 'must',
    clauses: ['L-4'],
    kinds: KINDS,
    async run(subject) {
      const before = await subject.open()
      await ensureReaches(subject, before.session)
      await works(subject, before.session, 'before the swap')
      const next = await another(subject)
      await works(subject, before.session, 'while its successor was open')
      next.loan.activate()
      await before.close()
      await works(subject, next.session, 'after its predecessor was stopped')
    },
  },
  {
    id: 'swap.aborted',
    level: 'must',
    clauses: ['L-4'],
    kinds: KINDS,
    async run(subject) {
      const before = await subject.open()
      await ensureReaches(subject, before.session)
      await works(subject, before.session, 'before the swap')
      for (const generation of [2, 3]) await (await another(subject, generation)).close()
      await works(subject, before.session, 'after two swaps that were given up')
      ensure(before.loan.failures.length === 0, {
        did: 'opened and stopped two successors',
        saw: `the old session gave itself up: ${messageOf(before.loan.failures[0])}`,
        hint: 'Generations share nothing but what the context lends.',
      })
    },
  },
  {
    id: 'swap.under-load',
    level: 'must',
    clauses: ['L-4', 'O-1'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const before = await subject.open()
      const signals = worthWriting(subject, peer)
      const tokens: string[] = []
      const put = async (session: AnySession, when: string): Promise<void> => {
        for (const signal of inTime(signals, 500)) {
          const marked = markedBatch(signal, 20, subject.random)
          tokens.push(...marked.tokens)
          await writeWell(session, marked.batch, when)
        }
      }
      await put(before.session, 'before the swap')
      let isOpen = false
      const opening = another(subject).finally(() => (isOpen = true))
      // It may fail while a write is still under way.
      opening.catch(() => undefined)
      for (let i = 0; i < 50 && !isOpen; i++) await put(before.session, 'while its successor opened')
      const next = await opening
      await put(before.session, 'while its successor was open')
      await handOver(before.session, next.session)
      next.loan.activate()
      const [stopped] = await Promise.all([
        ending(() => before.close(), PATIENCE.grantMs),
        put(next.session, 'while its predecessor stopped'),
      ])
      ensure(stopped.how === 'resolved', {
        did: 'stopped the old generation',
        saw: 'it does not stop',
        hint: 'See lifecycle.',
      })
      await put(next.session, 'after the swap')
      const lost = await missing(peer, next.session.address, tokens)
      ensure(lost.length === 0, {
        did: `wrote ${tokens.length} records before, during and after a swap`,
        saw: `the store lacks ${lost.length} of them`,
        hint: 'Hand over with exportState and restore what only the session holds.',
      })
    },
  },
]
