import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { PATIENCE } from '../time.ts'
import { alikeBatch, copyOf, courseBatch, markedBatch, oddBatch, twinBatch } from '../work/batches.ts'
import { opened } from '../work/faults.ts'
import { missing, orderOf, storedCounts, worthWriting } from '../work/stored.ts'
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
  {
    id: 'output.order',
    level: 'should',
    clauses: ['O-10'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      if (peer.keeps === false) notRun('its store is the session itself, which shows what is, not what was')
      if (peer.ordered === undefined)
        notTried(
          'the peer of conformance.js does not say whether `received` has an order (ordered)',
          'ordered',
        )
      if (!peer.ordered) notRun('its store cannot tell the order')
      const { session } = generation
      for (const signal of worthWriting(subject, peer))
        for (const length of [20, 1000]) {
          const { batch, tokens } = alikeBatch(signal, length, subject.random)
          await writeWell(session, batch, 'to a peer that works')
          const order = await orderOf(peer, session.address, tokens)
          if (order.length < length)
            notTried('the store has not what was written, as output.stores has found')
          const at = order.findIndex((token, i) => token !== tokens[i])
          ensure(at === -1, {
            did: `wrote ${length} records (${signal}) that are alike`,
            saw: `the store has the one at ${tokens.indexOf(order[at]!)} before the one at ${at}`,
            hint: 'Send them in the order of the batch, and its parts one after the other.',
          })
        }
    },
  },
  {
    id: 'output.same-id',
    level: 'should',
    clauses: ['O-17'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const signals = worthWriting(subject, peer).filter((signal) => signal !== 'metric')
      if (signals.length === 0) notRun('it takes metrics only, which have no id')
      if (peer.knowsIds === undefined)
        notTried('the peer of conformance.js does not say whether the store knows ids (knowsIds)', 'knowsIds')
      if (!peer.knowsIds) notRun('its store knows no ids')
      const marked = signals.map((signal) => markedBatch(signal, 20, subject.random))
      for (const { batch } of marked) {
        await writeWell(generation.session, batch, 'to a peer that works')
        await write(generation.session, copyOf(batch))
      }
      await generation.close()
      // As after a crash: what a session itself remembers does not help then.
      const { session } = await subject.open({ generation: 2 })
      for (const { batch } of marked) await write(session, copyOf(batch))
      for (const { batch, tokens } of marked) {
        const counts = [...(await storedCounts(peer, session.address, tokens)).values()]
        if (counts.includes(0)) notTried('the store has not what was written, as output.stores has found')
        ensure(Math.max(...counts) === 1, {
          did: `wrote 20 records (${batch.signal}) that have ids, wrote them again, and once more through the next session`,
          saw: `the store has one of them ${Math.max(...counts)} times`,
          hint: 'Give the store the id of the record as its own: a batch whose answer was lost is written again.',
        })
      }
    },
  },
]
