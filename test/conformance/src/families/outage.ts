import type { Check } from '../check.ts'
import { ensure, notTried } from '../finding.ts'
import { inTime, PATIENCE, turn, until } from '../time.ts'
import { ensureAskedOnce } from '../work/attempts.ts'
import { copyOf, markedBatch } from '../work/batches.ts'
import type { Marked } from '../work/batches.ts'
import { RETRY_AFTER_MS, faultOf, opened } from '../work/faults.ts'
import { missing, worthWriting } from '../work/stored.ts'
import { told, verdictOn } from '../work/verdict.ts'
import { write, writeWell } from '../work/write.ts'

/** Of so many records whoever sends a batch in parts makes several. */
const MANY = 5000

/** What a store will take later. */
export const OUTAGE: readonly Check[] = [
  {
    id: 'output.busy',
    level: 'must',
    clauses: ['O-3'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'busy', 'be busy')(RETRY_AFTER_MS)
      for (const signal of inTime(worthWriting(subject, peer))) {
        const { batch } = markedBatch(signal, 5, subject.random)
        const written = await write(generation.session, batch)
        ensure(verdictOn(written, batch) === 'again', {
          did: `wrote 5 records (${signal}) to a store that asks to come again later`,
          saw: `the write ${told(written)}`,
          hint: 'Reject at once with retryable(…): the gateway waits and writes again.',
        })
      }
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
      for (const signal of inTime(worthWriting(subject, peer))) {
        const written = await write(generation.session, markedBatch(signal, 5, subject.random).batch)
        if (written.how === 'pending') notTried('the write did not settle')
        const error = written.how === 'failed' ? written.error : written.rejected[0]?.error
        const { retryAfter } = (error ?? {}) as { retryAfter?: number }
        ensure(retryAfter !== undefined && Math.abs(retryAfter - RETRY_AFTER_MS) <= 1000, {
          did: `wrote 5 records (${signal}) to a store that asks to come again in ${RETRY_AFTER_MS} ms`,
          saw:
            error === undefined
              ? 'the write resolved, as if the store had it'
              : `the error has retryAfter ${String(retryAfter)}`,
          hint: 'Take it from the answer, in milliseconds.',
        })
      }
    },
  },
  {
    id: 'output.busy-once',
    level: 'should',
    clauses: ['O-12'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      await faultOf(peer, 'busy', 'be busy')(RETRY_AFTER_MS)
      for (const signal of inTime(worthWriting(subject, peer)))
        await ensureAskedOnce(subject, peer, generation, signal, {
          that: 'asks to come again later',
          hint: 'Hand it on at once: the gateway waits, with backoff, and shows that it does.',
        })
    },
  },
  {
    id: 'output.hanging',
    level: 'must',
    clauses: ['O-1', 'O-3'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const { session, loan } = generation
      const hang = faultOf(peer, 'hang', 'hang')
      for (const signal of inTime(worthWriting(subject, peer))) {
        const { batch, tokens } = markedBatch(signal, 5, subject.random)
        await hang()
        const written = await write(session, batch)
        await peer.faults!.heal()
        // How long it waits is its own affair (O-13).
        if (written.how === 'pending') return
        const isTrue =
          verdictOn(written, batch) === 'stored'
            ? (await missing(peer, session.address, tokens)).length === 0
            : verdictOn(written, batch) === 'again'
        ensure(isTrue, {
          did: `wrote 5 records (${signal}) to a store that hangs`,
          saw: `the write ${told(written)}`,
          hint: 'No answer is neither yes nor no: reject with retryable(…) when its time is over.',
        })
        // Nothing more is written to a session that gave itself up.
        if (loan.failures.length > 0) return
      }
    },
  },
  {
    id: 'output.patience',
    level: 'should',
    clauses: ['O-13'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const hang = faultOf(peer, 'hang', 'hang')
      const [signal] = worthWriting(subject, peer)
      await hang()
      const { batch } = markedBatch(signal!, 5, subject.random)
      const written = await write(generation.session, batch, PATIENCE.grantMs)
      await peer.faults!.heal()
      const options = subject.valid(subject.definition.options, await subject.options())
      if (written.how === 'pending' && asksForLonger(options))
        notTried('one of its options asks for longer: give a short one in conformance.js', 'options')
      ensure(written.how !== 'pending', {
        did: `wrote 5 records (${signal}) to a store that hangs`,
        saw: `the write is pending after ${PATIENCE.grantMs} ms`,
        hint: 'Give up with retryable(…) when the time that an option grants is over: until then nothing else is written.',
      })
    },
  },
  {
    id: 'output.midway',
    level: 'must',
    clauses: ['O-1', 'O-2'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const { session, loan } = generation
      const busy = faultOf(peer, 'busy', 'be busy')
      if (peer.attempts === undefined)
        notTried('the peer of conformance.js cannot say how often it was asked (attempts)', 'attempts')
      for (const signal of inTime(worthWriting(subject, peer))) {
        const { batch, tokens } = markedBatch(signal, MANY, subject.random)
        const before = await peer.attempts()
        const writing = write(session, batch)
        let isOver = false
        const over = (): void => void (isOver = true)
        writing.then(over, over)
        while (!isOver && (await peer.attempts()) === before) await turn()
        await busy(RETRY_AFTER_MS)
        const written = await writing
        await peer.faults!.heal()
        // Nothing more is written while a write is open, nor to a session that gave itself up.
        if (written.how === 'pending' || loan.failures.length > 0) return
        const did = `wrote ${MANY} records (${signal}) to a store that asks to come again later from its second answer on`
        const hint =
          'One part that fails is reason enough to reject, with retryable(…); or list the records of that part as rejected.'
        ensure(!told(written).includes('retryable: false'), { did, saw: `the write ${told(written)}`, hint })
        if (written.how === 'failed') {
          await writeWell(session, copyOf(batch), 'again, once the store had healed')
          const left = await missing(peer, session.address, tokens)
          ensure(left.length === 0, {
            did: `${did}, and wrote all of them again`,
            saw: `the store lacks ${left.length} of them`,
            hint: 'A write that failed as a whole is written again as a whole: remember nothing of its parts.',
          })
          continue
        }
        const rejected = new Set(written.rejected.map(({ index }) => index))
        const taken = tokens.filter((_, i) => !rejected.has(i))
        const lost = await missing(peer, session.address, taken)
        ensure(lost.length === 0, {
          did,
          saw: `the write ${told(written)}, and the store lacks ${lost.length} of the others`,
          hint,
        })
      }
    },
  },
  {
    id: 'output.outage',
    level: 'must',
    clauses: ['O-2', 'O-3', 'O-14'],
    kinds: ['output'],
    async run(subject) {
      const { peer, generation } = await opened(subject)
      const hasGivenUp = (): boolean => generation.loan.failures.length > 0
      await faultOf(peer, 'down', 'go away')()
      const written: Marked[] = []
      for (const signal of inTime(worthWriting(subject, peer))) {
        // Nothing more is written to a session that gave itself up.
        if (hasGivenUp()) break
        const marked = markedBatch(signal, 5, subject.random)
        const during = await write(generation.session, marked.batch, PATIENCE.settleMs)
        ensure(verdictOn(during, marked.batch) === 'again', {
          did: `wrote 5 records (${signal}) while the store was away`,
          saw: `the write ${told(during)}`,
          hint: 'What may work later is retryable(…).',
        })
        written.push(marked)
      }
      await peer.faults!.heal()
      let { session } = generation
      for (const { batch, tokens } of written) {
        const isBack = await until(async () => {
          // As the gateway does: a session that gave itself up is opened anew.
          if (hasGivenUp() && session === generation.session)
            session = (await subject.open({ generation: 2 })).session
          const again = await write(session, copyOf(batch))
          return again.how === 'taken' && again.rejected.length === 0
        }, PATIENCE.settleMs)
        const did = `wrote 5 records (${batch.signal}) again once the store was back`
        ensure(isBack, {
          did,
          saw: 'no write succeeds any more',
          hint: 'Connect anew, or call context.fail.',
        })
        const lost = await missing(peer, session.address, tokens)
        ensure(lost.length === 0, {
          did,
          saw: `the store lacks ${lost.length} of them`,
          hint: 'Send the whole batch again.',
        })
      }
    },
  },
]

/** Whether something among options that has the name of a time is longer than is waited for. */
function asksForLonger(options: object): boolean {
  return Object.entries(options).some(([key, value]: [string, unknown]) => {
    if (typeof value === 'object' && value !== null) return asksForLonger(value)
    if (!/time|wait|deadline/i.test(key)) return false
    return typeof value === 'number'
      ? value * unitMs(key) > PATIENCE.grantMs
      : textMs(value) > PATIENCE.grantMs
  })
}

/** What the name of an option says of its unit: milliseconds where it says nothing. */
function unitMs(key: string): number {
  if (/min(ute)?s?$/i.test(key)) return 60_000
  return /((?<!milli|micro|nano)sec(ond)?s?|_s)$/i.test(key) ? 1000 : 1
}

/** A text such as 1m or 45s. */
function textMs(text: unknown): number {
  const [, count, unit] = /^([\d.]+) ?(ms|s|m|h)$/.exec(String(text)) ?? []
  return Number(count ?? 0) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit ?? ''] ?? 0)
}
