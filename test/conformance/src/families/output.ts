import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { PATIENCE } from '../time.ts'
import { courseBatch, markedBatch, oddBatch, twinBatch } from '../work/batches.ts'
import { opened } from '../work/faults.ts'
import { missing, storedCounts, worthWriting } from '../work/stored.ts'
import { allSignalsOf, write, writeWell } from '../work/write.ts'

/** What an output says of what it was given, and whether the store has it. */
export const OUTPUT: readonly Check[] = [
  {
    id: 'output.answers',
    level: 'must',
    clauses: ['O-5', 'O-8', 'O-9'],
    kinds: ['output'],
    async run(subject) {
      const { session } = await subject.open()
      for (const signal of allSignalsOf(subject.definition))
        for (const batch of [
          oddBatch(signal),
          markedBatch(signal, 1, subject.random).batch,
          markedBatch(signal, 1000, subject.random).batch,
        ]) {
          const written = await write(session, batch)
          if (written.how !== 'pending') continue
          fail({
            did: `wrote a batch of ${batch.length} (${signal})`,
            saw: `the write is pending after ${PATIENCE.stepMs} ms`,
            hint: 'Settle every write; give up what a peer does not answer.',
          })
        }
    },
  },
  {
    id: 'output.stores',
    level: 'must',
    clauses: ['O-1'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      for (const signal of worthWriting(subject, peer))
        for (const length of [1, 20, 1000]) {
          const { batch, tokens } = markedBatch(signal, length, subject.random)
          await writeWell(generation.session, batch, 'to a peer that works')
          const lost = await missing(peer, generation.session.address, tokens)
          ensure(lost.length === 0, {
            did: `wrote ${length} records (${signal}) and looked into the store as soon as the write resolved`,
            saw: `the store lacks ${lost.length} of them`,
            hint: 'Resolve only when the store has said that it has them.',
          })
        }
    },
  },
  {
    id: 'output.equal-series',
    level: 'must',
    clauses: ['O-16'],
    kinds: ['output'],
    async run(subject) {
      if (!allSignalsOf(subject.definition).includes('metric')) notRun('it takes no metrics')
      const { peer, generation } = await opened(subject)
      if (!worthWriting(subject, peer).includes('metric')) notRun('it takes no metrics')
      const { batch, tokens } = twinBatch(subject.random)
      await writeWell(generation.session, batch, 'to a peer that works')
      const counts = [...(await storedCounts(peer, generation.session.address, tokens)).values()]
      if (counts[0] === 0) notTried('the store has not what was written, as output.stores has found')
      ensure(counts[0] === counts[1], {
        did: 'wrote two samples of one series, and two whose series are equal but not the same object',
        saw: `the store has ${counts[0]} of the first and ${counts[1]} of the others`,
        hint: 'Tell series apart by their name and labels; the object is good for a cache only.',
      })
    },
  },
  {
    id: 'output.samples',
    level: 'should',
    clauses: ['O-20'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      if (!worthWriting(subject, peer).includes('metric')) notRun('it takes no metrics')
      if (peer.keeps === false) notRun('its store is the session itself, which shows what is, not what was')
      const { batch, token } = courseBatch(subject.random)
      await writeWell(generation.session, batch, 'to a peer that works')
      const count = (await storedCounts(peer, generation.session.address, [token])).get(token)!
      if (count === 0) notTried('the store has not what was written, as output.stores has found')
      ensure(count >= batch.length, {
        did: `wrote ${batch.length} samples of one series, a minute apart, in one batch`,
        saw: `the store has ${count} of them`,
        hint: 'A batch holds what came since the last one: send every sample of a series, not the last.',
      })
    },
  },
]
