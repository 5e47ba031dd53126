import type { Signal } from '@smart-gateway/sdk'
import type { Check } from '../check.ts'
import { ensure, fail } from '../finding.ts'
import type { Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { ending, inTime, PATIENCE, turn } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { faultOf } from '../work/faults.ts'
import { isItsOwnStore } from '../work/impossible.ts'
import { missing, worthWriting } from '../work/stored.ts'
import { isPermanent, told } from '../work/verdict.ts'
import { write } from '../work/write.ts'
import type { Written } from '../work/write.ts'

/** What the host waits for a stop before it ends the signal (L-8). */
const GRACE_MS = 5000
const HINT =
  'Wait in stop for the write that is open, or reject it as retryable: nothing may be lost without a word.'

/** What becomes of a write that is open when its session is stopped. */
export const FLUSH: readonly Check[] = [
  {
    id: 'output.flushes',
    level: 'must',
    clauses: ['O-15'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const writes = worthWriting(subject, peer).flatMap((signal) =>
        [20, 1000].map((length) => ({ signal, length })),
      )
      for (const [i, { signal, length }] of inTime(writes.entries())) {
        const generation = await subject.open(i === 0 ? {} : { generation: i + 1 })
        const did = `stopped it while a write of ${length} records (${signal}) was open`
        const stop = { signal, length, graceMs: GRACE_MS, did }
        const { written, isAborted, lost } = await stopped(subject, generation, stop)
        ensureTold(written, lost, did)
        // Whoever needed longer than the host waits was cut off, and may say so.
        ensure(isAborted || (written.how === 'taken' && written.rejected.length === 0), {
          did: `${did}, to a store that works`,
          saw: `the write ${told(written)}`,
          hint: 'Wait in stop for the write that is open, and let go of its connection only then.',
        })
      }
    },
  },
  {
    id: 'output.stopped-hanging',
    level: 'must',
    clauses: ['O-1', 'O-15'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const hang = faultOf(peer, 'hang', 'hang')
      for (const [i, signal] of inTime(worthWriting(subject, peer).entries())) {
        const generation = await subject.open(i === 0 ? {} : { generation: i + 1 })
        await hang()
        const did = `stopped it while a write of 50 records (${signal}) waited for a store that hangs`
        // A tenth of the gateway's grace.
        const stop = { signal, length: 50, graceMs: GRACE_MS / 10, did }
        const { written, lost } = await stopped(subject, generation, stop)
        ensureTold(written, lost, did)
      }
    },
  },
]

interface Stop {
  readonly signal: Signal
  /** Of the batch that is being written. */
  readonly length: number
  /** How long the stop may take before the signal is ended. */
  readonly graceMs: number
  readonly did: string
}

interface Stopped {
  readonly written: Written
  /** Whether its signal had to be ended. */
  readonly isAborted: boolean
  /** How many records the store has not. */
  readonly lost: number
}

/** Stops a session while a write is open, as the host does: the signal ends what is not over after the grace. */
async function stopped(
  subject: Subject,
  { session, loan }: Generation,
  { signal, length, graceMs, did }: Stop,
): Promise<Stopped> {
  const peer = await subject.peer()
  const { batch, tokens } = markedBatch(signal, length, subject.random)
  const writing = write(session, batch, graceMs + PATIENCE.settleMs)
  await turn()
  const stopping = (async () => session.stop?.())()
  const within = await ending(() => stopping, graceMs)
  const isAborted = within.how === 'pending'
  if (isAborted) loan.abort()
  const end = isAborted ? await ending(() => stopping, PATIENCE.leaveMs) : within
  await peer.faults?.heal()
  const written = await writing
  if (end.how === 'rejected')
    fail({
      did,
      saw: `stop failed: ${messageOf(end.error)}`,
      hint: 'What a write could not do its own promise says; stop lets go of everything.',
    })
  ensure(end.how === 'resolved', { did, saw: 'stop did not resolve', hint: HINT })
  const isGone = peer.keeps === false && (await isItsOwnStore(subject))
  const lost = isGone ? [] : await missing(peer, session.address, tokens)
  return { written, isAborted, lost: lost.length }
}

/** What is said of the records has to be true. */
function ensureTold(written: Written, lost: number, did: string): void {
  ensure(written.how !== 'pending', { did, saw: 'the write never settled', hint: HINT })
  if (written.how === 'failed')
    return ensure(!isPermanent(written.error), {
      did,
      saw: `the write ${told(written)} as refused for good`,
      hint: HINT,
    })
  ensure(lost <= written.rejected.length, {
    did,
    saw: `the write resolved, the store lacks ${lost}`,
    hint: HINT,
  })
}
