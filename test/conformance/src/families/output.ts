import type { Batch } from '@smart-gateway/sdk'
import type { Faults, Peer } from '../author.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import type { Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { sizeOf } from '../subject/state-size.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, turn, until } from '../time.ts'
import { copyOf, markedBatch, oddBatch, twinBatch } from '../work/batches.ts'
import { exported } from '../work/state.ts'
import { missing, storedCounts, worthWriting } from '../work/stored.ts'
import { watched } from '../work/unchanged.ts'
import { allSignalsOf, signalsOf, write, writeWell } from '../work/write.ts'
import type { Written } from '../work/write.ts'

const RETRY_AFTER_MS = 2000
const NOT_STORED = 'the store has not what was written, as output.stores has found'

/** What an output says of what it was given, and whether that is true. */
export const OUTPUT: readonly Check[] = [
  {
    id: 'output.batch-unchanged',
    level: 'must',
    clauses: ['O-7'],
    kinds: ['output'],
    async run(subject) {
      const { session } = await subject.open()
      for (const signal of signalsOf(subject.definition))
        for (const batch of [markedBatch(signal, 20, subject.random).batch, oddBatch(signal)]) {
          const changed = watched(batch)
          await ending(() => session.write!(batch as never))
          const what = changed()
          ensure(what === undefined, {
            did: `wrote a batch of ${batch.length} (${signal})`,
            saw: String(what),
            hint: 'Sort, fill in and rename in a copy.',
          })
        }
    },
  },
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
      if (counts[0] === 0) notTried(NOT_STORED)
      ensure(counts[0] === counts[1], {
        did: 'wrote two samples of one series, and two whose series are equal but not the same object',
        saw: `the store has ${counts[0]} of the first and ${counts[1]} of the others`,
        hint: 'Tell series apart by their name and labels; the object is good for a cache only.',
      })
    },
  },
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
          if ((await missing(peer, session.address, plain.tokens)).length > 0) notTried(NOT_STORED)
        }
        const { batch, tokens } = markedBatch(signal, 20, subject.random)
        const changed = watched(batch)
        // Once more, as an export that changes the session is for swap.state to find.
        await exported(session)
        const stateBefore = sizeOf(await exported(session))
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
        ensure(sizeOf(await exported(session)) === stateBefore, { did, saw: 'its state changed', hint })
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
  {
    id: 'output.partial',
    level: 'must',
    clauses: ['O-5'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const refuseOnly = faultOf(peer, 'refuseOnly', 'refuse a single record')
      const [signal] = worthWriting(subject, peer)
      const { batch, tokens } = markedBatch(signal!, 20, subject.random)
      const at = Math.floor(subject.random() * batch.length)
      await refuseOnly(tokens[at]!)
      const written = await write(generation.session, batch)
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
      const [signal] = worthWriting(subject, peer)
      const { batch } = markedBatch(signal!, 5, subject.random)
      const written = await write(generation.session, batch)
      ensure(verdictOn(written, batch) === 'refused', {
        did: 'wrote to a store that refuses everything as malformed',
        saw: `the write ${told(written)}`,
        hint: 'A refusal that cannot change, HTTP 400 say, is permanent(…): otherwise it is tried for ever, or lost without a word.',
      })
    },
  },
  {
    id: 'output.busy',
    level: 'must',
    clauses: ['O-3'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'busy', 'be busy')(RETRY_AFTER_MS)
      const [signal] = worthWriting(subject, peer)
      const { batch } = markedBatch(signal!, 5, subject.random)
      const written = await write(generation.session, batch)
      ensure(verdictOn(written, batch) === 'again', {
        did: 'wrote to a store that asks to come again later',
        saw: `the write ${told(written)}`,
        hint: 'Reject at once with retryable(…): the gateway waits and writes again.',
      })
    },
  },
  {
    id: 'output.retry-after',
    level: 'should',
    clauses: ['O-11'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'busy', 'be busy')(RETRY_AFTER_MS)
      const [signal] = worthWriting(subject, peer)
      const written = await write(generation.session, markedBatch(signal!, 5, subject.random).batch)
      if (written.how === 'pending') notTried('the write did not settle')
      const error = written.how === 'failed' ? written.error : written.rejected[0]?.error
      const { retryAfter } = (error ?? {}) as { retryAfter?: number }
      ensure(retryAfter !== undefined && Math.abs(retryAfter - RETRY_AFTER_MS) <= 1000, {
        did: `wrote to a store that asks to come again in ${RETRY_AFTER_MS} ms`,
        saw: `the error has retryAfter ${String(retryAfter)}`,
        hint: 'Take it from the answer, in milliseconds.',
      })
    },
  },
  {
    id: 'output.outage',
    level: 'must',
    clauses: ['O-2', 'O-3', 'O-14'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'down', 'go away')()
      const [signal] = worthWriting(subject, peer)
      const { batch, tokens } = markedBatch(signal!, 5, subject.random)
      const during = await write(generation.session, batch, PATIENCE.settleMs)
      ensure(verdictOn(during, batch) === 'again', {
        did: 'wrote while the store was away',
        saw: `the write ${told(during)}`,
        hint: 'What may work later is retryable(…).',
      })
      await peer.faults!.heal()
      let session = generation.session
      const isBack = await until(async () => {
        // As the gateway does: a session that gave itself up is opened anew.
        if (generation.loan.failures.length > 0 && session === generation.session)
          session = (await subject.open({ generation: 2 })).session
        const written = await write(session, copyOf(batch))
        return written.how === 'taken' && written.rejected.length === 0
      }, PATIENCE.settleMs)
      const did = 'wrote again once the store was back'
      ensure(isBack, { did, saw: 'no write succeeds any more', hint: 'Connect anew, or call context.fail.' })
      const lost = await missing(peer, session.address, tokens)
      ensure(lost.length === 0, {
        did,
        saw: `the store lacks ${lost.length} records`,
        hint: 'Send the whole batch again.',
      })
    },
  },
  {
    id: 'output.flushes',
    level: 'must',
    clauses: ['O-15'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await ensureFlushed(subject, peer, generation, 'stopped it while a write was open')
    },
  },
  {
    id: 'output.stopped-hanging',
    level: 'must',
    clauses: ['O-1', 'O-15'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'hang', 'hang')()
      await ensureFlushed(subject, peer, generation, 'stopped it while a write waited for a store that hangs')
    },
  },
]

async function opened(subject: Subject): Promise<{ readonly peer: Peer; readonly generation: Generation }> {
  const peer = await subject.peer()
  return { peer, generation: await subject.open() }
}

function faultOf<F extends keyof Faults>(peer: Peer, name: F, what: string): NonNullable<Faults[F]> {
  const fault = peer.faults?.[name]
  if (fault === undefined)
    notTried(`the peer of conformance.js cannot ${what} (faults.${name})`, `faults.${name}`)
  return fault.bind(peer.faults) as NonNullable<Faults[F]>
}

/** What the gateway would do with the batch. */
function verdictOn(
  written: Written,
  { length }: Batch,
): 'stored' | 'again' | 'refused' | 'mixed' | 'pending' {
  if (written.how === 'pending') return 'pending'
  if (written.how === 'failed') return isPermanent(written.error) ? 'refused' : 'again'
  if (written.rejected.length === 0) return 'stored'
  if (written.rejected.length < length) return 'mixed'
  const permanent = written.rejected.filter(({ error }) => isPermanent(error)).length
  return permanent === length ? 'refused' : permanent === 0 ? 'again' : 'mixed'
}

function isPermanent(error: unknown): boolean {
  return (error as { retryable?: unknown }).retryable === false
}

function told(written: Written): string {
  if (written.how === 'pending') return 'is pending'
  if (written.how === 'taken')
    return written.rejected.length === 0
      ? 'resolved, as if the store had it'
      : `resolved with ${written.rejected.length} rejected: ${messageOf(written.rejected[0]!.error)} (${kindOf(written.rejected[0]!.error)})`
  return `failed: ${messageOf(written.error)} (${kindOf(written.error)})`
}

function kindOf(error: unknown): string {
  return isPermanent(error) ? 'retryable: false' : 'to be tried again'
}

/** Stops a session while a write is open: what it says of the records has to be true. */
async function ensureFlushed(
  subject: Subject,
  peer: Peer,
  { session, loan }: Generation,
  did: string,
): Promise<void> {
  const [signal] = worthWriting(subject, peer)
  const { batch, tokens } = markedBatch(signal!, 50, subject.random)
  const writing = write(session, batch, PATIENCE.settleMs)
  await turn()
  const stopping = (async () => session.stop?.())()
  // A tenth of the gateway's grace.
  const within = await ending(() => stopping, 500)
  if (within.how === 'pending') loan.abort()
  const stopped = within.how === 'pending' ? await ending(() => stopping, PATIENCE.leaveMs) : within
  await peer.faults?.heal()
  const written = await writing
  const hint =
    'Wait in stop for the write that is open, or reject it as retryable: nothing may be lost without a word.'
  ensure(stopped.how === 'resolved', { did, saw: 'stop did not resolve', hint })
  ensure(written.how !== 'pending', { did, saw: 'the write never settled', hint })
  if (written.how === 'failed') {
    ensure(!isPermanent(written.error), { did, saw: `the write ${told(written)} as refused for good`, hint })
    return
  }
  if (peer.keeps === false) return
  const lost = await missing(peer, session.address, tokens)
  const refused = written.rejected.length
  ensure(lost.length <= refused, {
    did,
    saw: `the write resolved, the store lacks ${lost.length} of 50`,
    hint,
  })
}
