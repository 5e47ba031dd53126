import type { Check } from '../check.ts'
import { ensure, fail } from '../finding.ts'
import { inTime, until } from '../time.ts'
import { writeAsHost } from '../work/as-host.ts'
import { ensureAskedOnce } from '../work/attempts.ts'
import { markedBatch } from '../work/batches.ts'
import { faultOf, opened } from '../work/faults.ts'
import { missing, worthWriting } from '../work/stored.ts'
import { told, verdictOn } from '../work/verdict.ts'
import { write, writeWell } from '../work/write.ts'

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
      const signals = worthWriting(subject, peer)
      // The long ones are for whoever sends a batch in parts.
      const ways = [20, 1000].flatMap((length) => signals.map((signal) => ({ signal, length })))
      for (const { signal, length } of inTime(ways)) {
        const { batch, tokens } = markedBatch(signal, length, subject.random)
        // Neither among the first nor the last one: a position that is off by one, or within its part, would pass there.
        const at = Math.floor(length * (0.5 + 0.45 * subject.random()))
        await refuseOnly(tokens[at]!)
        const written = await write(generation.session, batch)
        await peer.faults!.heal()
        const did = `wrote ${length} records (${signal}) of which the store refuses the one at ${at}`
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
    id: 'output.others-kept',
    level: 'should',
    clauses: ['O-6'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const { session } = generation
      const refuseOnly = faultOf(peer, 'refuseOnly', 'refuse a single record')
      for (const signal of inTime(worthWriting(subject, peer))) {
        const { batch, tokens } = markedBatch(signal, 20, subject.random)
        // Whoever gives up at the first refusal has sent no other one yet.
        const [refused, ...others] = tokens as [string, ...string[]]
        await refuseOnly(refused)
        await writeAsHost(session, batch)
        await peer.faults!.heal()
        const lost = async () => await missing(peer, session.address, others)
        await until(async () => (await lost()).length === 0)
        const { length } = await lost()
        ensure(length === 0, {
          did: `wrote 20 records (${signal}) of which the store refuses the first, and again what was not refused`,
          saw: `the store lacks ${length} of the others`,
          hint: 'Say which one was refused; or reject as permanent(…) and send nothing, and the gateway tries each half alone.',
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
      const refused: string[] = []
      for (const signal of inTime(worthWriting(subject, peer)))
        refused.push(
          ...(await ensureAskedOnce(subject, peer, generation, signal, {
            that: 'refuses everything as malformed',
            hint: 'Hand a refusal on at once: what is permanent is the same the next time.',
          })),
        )
      await peer.faults!.heal()
      // Nothing more is written to a session that gave itself up.
      if (peer.received === undefined || generation.loan.failures.length > 0) return
      const { session } = generation
      const [signal] = worthWriting(subject, peer)
      await writeWell(session, markedBatch(signal!, 5, subject.random).batch, 'after others were refused')
      const again = refused.length - (await missing(peer, session.address, refused)).length
      ensure(again === 0, {
        did: `wrote to a store that refuses everything, then 5 others (${signal}) to the same store, which works again`,
        saw: `the store has ${again} of those that it had refused`,
        hint: 'Begin each write with nothing of the one before: the gateway has kept what was refused.',
      })
    },
  },
]
