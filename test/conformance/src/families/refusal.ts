import type { Check } from '../check.ts'
import { ensure, fail } from '../finding.ts'
import { inTime } from '../time.ts'
import { ensureAskedOnce } from '../work/attempts.ts'
import { markedBatch } from '../work/batches.ts'
import { faultOf, opened } from '../work/faults.ts'
import { missing, worthWriting } from '../work/stored.ts'
import { told, verdictOn } from '../work/verdict.ts'
import { write } from '../work/write.ts'

/** What a store will never take. */
export const REFUSAL: readonly Check[] = [
  {
    id: 'output.partial',
    level: 'must',
    clauses: ['O-5'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const refuseOnly = faultOf(peer, 'refuseOnly', 'refuse a single record')
      for (const signal of inTime(worthWriting(subject, peer))) {
        const { batch, tokens } = markedBatch(signal, 20, subject.random)
        // Neither the first nor the last one: a position that is off by one would pass there.
        const at = 1 + Math.floor(subject.random() * (batch.length - 2))
        await refuseOnly(tokens[at]!)
        const written = await write(generation.session, batch)
        await peer.faults!.heal()
        const did = `wrote 20 records (${signal}) of which the store refuses the one at ${at}`
        const hint = 'Resolve with { rejected: [{ index, error }] }, the index being that of the batch.'
        if (written.how !== 'taken') fail({ did, saw: `the write as a whole ${told(written)}`, hint })
        const indexes = written.rejected.map(({ index }) => index)
        ensure(indexes.join() === String(at), {
          did,
          saw: `it says that ${indexes.length === 0 ? 'none' : indexes.join(', ')} was refused`,
          hint,
        })
        ensure(written.rejected[0]!.error.retryable === false, {
          did,
          saw: 'it says that the refused one may be written again',
          hint: 'permanent(…) for what the store will never take.',
        })
        const others = tokens.filter((_, i) => i !== at)
        const lost = await missing(peer, generation.session.address, others)
        ensure(lost.length === 0, {
          did,
          saw: `the store lacks ${lost.length} of the others`,
          hint: 'Write the others.',
        })
      }
    },
  },
  {
    id: 'output.refused',
    level: 'must',
    clauses: ['O-4'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'refuse', 'refuse records for good')()
      for (const signal of inTime(worthWriting(subject, peer))) {
        const { batch } = markedBatch(signal, 5, subject.random)
        const written = await write(generation.session, batch)
        ensure(verdictOn(written, batch) === 'refused', {
          did: `wrote 5 records (${signal}) to a store that refuses everything as malformed`,
          saw: `the write ${told(written)}`,
          hint: 'A refusal that cannot change, HTTP 400 say, is permanent(…): otherwise it is tried for ever, or lost without a word.',
        })
      }
    },
  },
  {
    id: 'output.refused-once',
    level: 'must',
    clauses: ['O-19'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'refuse', 'refuse records for good')()
      for (const signal of inTime(worthWriting(subject, peer)))
        await ensureAskedOnce(subject, peer, generation, signal, {
          that: 'refuses everything as malformed',
          hint: 'Hand a refusal on at once: what is permanent is the same the next time.',
        })
    },
  },
]
