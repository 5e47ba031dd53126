import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { messageOf } from '../subject/message.ts'
import { StateComparison } from '../subject/same-state.ts'
import { ending } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { cloned, exported } from '../work/state.ts'
import { missing, worthWriting } from '../work/stored.ts'
import { watched } from '../work/unchanged.ts'
import { signalsOf, writeWell } from '../work/write.ts'

/** What is tried before it is written. */
export const REHEARSAL: readonly Check[] = [
  {
    id: 'output.rehearse',
    level: 'must',
    clauses: ['S-7'],
    kinds: ['output'],
    async run(subject) {
      const { session } = await subject.open()
      if (session.rehearse === undefined) notRun('it does not rehearse')
      const peer = subject.isFull ? await subject.peer() : undefined
      const signals = peer === undefined ? signalsOf(subject.definition) : worthWriting(subject, peer)
      for (const signal of signals) {
        if (peer?.received !== undefined) {
          const plain = markedBatch(signal, 1, subject.random)
          await writeWell(session, plain.batch, 'to a peer that works')
          if ((await missing(peer, session.address, plain.tokens)).length > 0)
            notTried('the store has not what was written, as output.stores has found')
        }
        const { batch, tokens } = markedBatch(signal, 20, subject.random)
        const changed = watched(batch)
        // Once more, as an export that changes the session is for swap.state to find.
        await exported(session)
        const comparison = new StateComparison()
        const stateBefore = cloned(await exported(session))
        const countedBefore = subject.host.counted
        const end = await ending(async () => session.rehearse!(batch as never))
        const did = `rehearsed a batch of 20 (${signal})`
        const hint = 'Render, measure and check; ask no store, and leave the session as it is.'
        if (end.how !== 'resolved')
          fail({
            did,
            saw: end.how === 'pending' ? 'it is pending' : `it failed: ${messageOf(end.error)}`,
            hint,
          })
        const what = changed()
        ensure(what === undefined, { did, saw: String(what), hint })
        ensure(subject.host.counted === countedBefore, { did, saw: 'it changed a metric', hint })
        const differs = comparison.difference(stateBefore, cloned(await exported(session)))
        ensure(differs === undefined, { did, saw: `its state changed: ${differs} differs`, hint })
        if (peer?.received === undefined) continue
        const lost = await missing(peer, session.address, tokens)
        ensure(lost.length === tokens.length, {
          did,
          saw: `the store has ${tokens.length - lost.length} of its records`,
          hint,
        })
        await writeWell(session, batch, 'that it had rehearsed')
        const left = await missing(peer, session.address, tokens)
        ensure(left.length === 0, {
          did: `${did}, then wrote it`,
          saw: `the store lacks ${left.length} of its records`,
          hint,
        })
      }
    },
  },
]
