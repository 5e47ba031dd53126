import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { CYCLES, inThread, WRITES } from '../lab/in-thread.ts'
import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { ensureNothingLeft } from '../work/endings.ts'
import { faultsOf } from '../work/faults.ts'
import { worthWriting } from '../work/stored.ts'

/** What is left of a session that was stopped. */
export const LEAKS: readonly Check[] = [
  {
    id: 'leaks.thread-ends',
    level: 'must',
    clauses: ['L-6'],
    kinds: KINDS,
    async run(subject) {
      const { ended, left } = await worked(subject)
      ensure(ended, {
        did: 'opened, used and stopped it in a thread',
        saw: `the thread does not end by itself${left.length > 0 ? `; it holds ${left.join(', ')}` : ''}`,
        hint: 'Close what stop forgets: sockets, servers, agents, intervals, watchers.',
      })
    },
  },
  {
    id: 'leaks.handles',
    level: 'must',
    clauses: ['L-6'],
    kinds: KINDS,
    async run(subject) {
      const { left } = await worked(subject)
      ensure(left.length === 0, {
        did: 'opened, used and stopped it in a thread',
        saw: `this is left: ${left.join(', ')}`,
        hint: 'Give every timer and every socket an owner that ends it; unref only hides it.',
      })
    },
  },
  {
    id: 'leaks.process',
    level: 'must',
    clauses: ['W-3', 'W-4'],
    kinds: KINDS,
    async run(subject) {
      const { changed } = await worked(subject)
      ensure(changed.length === 0, {
        did: 'opened, used and stopped it in a thread',
        saw: `it changed ${changed.join(', ')}`,
        hint: 'Take what the context lends; put back on stop what has to be changed.',
      })
    },
  },
  {
    id: 'leaks.files',
    level: 'must',
    clauses: ['L-14'],
    kinds: KINDS,
    async run(subject) {
      const { written } = await worked(subject)
      ensure(written.length === 0, {
        did: 'opened, used and stopped it in a thread',
        saw: `it wrote ${written.slice(0, 5).join(', ')}`,
        hint: 'Write in await context.stateFolder(), or where an option says: context.resolvePath(options.path).',
      })
    },
  },
  {
    id: 'leaks.after-faults',
    level: 'must',
    clauses: ['L-6'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const [signal] = worthWriting(subject, peer)
      const faults = faultsOf(peer)
      for (const [generation, { begin, heal }] of faults.entries()) {
        const { session, close } = await subject.open({ generation: generation + 1 })
        await begin()
        const { batch } = markedBatch(signal!, 3, subject.random)
        await ending(() => subject.traces.run(() => session.write!(batch as never)))
        await heal()
        await close()
      }
      // Its ends of the connections go with it.
      await peer.close()
      await ensureNothingLeft(
        subject,
        `wrote while its peer had a fault (${faults.map(({ name }) => name).join(', ')}), then stopped it`,
        'Whatever a failed write began ends with it, or with stop: sockets, timers, retries.',
      )
    },
  },
  {
    id: 'leaks.records',
    level: 'should',
    clauses: ['O-18'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      await openable(subject)
      const signals = worthWriting(subject, peer)
      const note = await inThread(subject, { scenario: 'write', signals })
      if (note.failed !== undefined)
        notRun(`its peer does not take so many records in a thread: ${note.failed.message}`)
      const { cycles: records, growth } = note
      if (records === 0) notRun(`${WRITES.least * WRITES.batch} records take more than ${WRITES.budgetMs} ms`)
      const bytes = Math.round(growth / records)
      subject.notes.push(`${bytes} bytes a record`)
      ensure(bytes <= WRITES.mostGrowth, {
        did: `wrote ${records} records (${signals.join(', ')}) of 20 series in a thread, after more than as many, which filled what is bounded`,
        saw: `the heap grew by ${bytes} bytes with each of them`,
        hint: 'Keep nothing of a batch once it has its fate; a WeakMap for what belongs to a series. Where it is bounded beyond that, say so with `skip`.',
      })
    },
  },
  {
    id: 'leaks.heap',
    level: 'must',
    clauses: ['L-6'],
    kinds: KINDS,
    async run(subject) {
      await openable(subject)
      let note = await inThread(subject, { scenario: 'cycle' })
      // The collector has moods: what grows does so a second time.
      if (note.growth > CYCLES.mostGrowth) note = await inThread(subject, { scenario: 'cycle' })
      if (note.failed !== undefined)
        fail({
          did: 'opened it again and again in a thread',
          saw: note.failed.message,
          hint: 'A stopped session makes way for the next one.',
        })
      const { cycles, growth } = note
      if (cycles === 0)
        notRun(`opened, used and stopped ${CYCLES.least} times it takes more than ${CYCLES.maxMs / 1000} s`)
      const kibibytes = Math.round(growth / cycles / 1024)
      subject.notes.push(`${kibibytes} KiB a cycle`)
      ensure(growth <= CYCLES.mostGrowth, {
        did: `opened, used and stopped it in a thread again and again, ${cycles} times after as many to grow warm`,
        saw: `the heap grew by ${kibibytes} KiB each time`,
        hint: 'Look for what the module keeps: lists, maps, listeners, timers whose time is not over.',
      })
    },
  },
]

async function worked(subject: Subject) {
  await openable(subject)
  const note = await subject.once('worked', () => inThread(subject, { scenario: 'work' }))
  if (note.failed !== undefined)
    fail({
      did: 'opened it in a thread',
      saw: note.failed.message,
      hint: 'It opens inline: what does it need that a thread has not?',
    })
  return note
}

/** Where it does not open, there is nothing to look at. */
async function openable(subject: Subject): Promise<void> {
  const generation = await subject.open({ instance: 'probe' })
  await generation.close()
  if (subject.definition.kind === 'transport' && (await subject.subscription()) === undefined)
    notTried('there is no subscription to try', 'subscription')
}
