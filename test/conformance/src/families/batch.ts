import { setTimeout as delay } from 'node:timers/promises'
import type { Batch, Signal } from '@smart-gateway/sdk'
import type { Check } from '../check.ts'
import { ensure } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import { ending, inTime } from '../time.ts'
import { frozen, markedBatch, oddBatch } from '../work/batches.ts'
import { RETRY_AFTER_MS } from '../work/faults.ts'
import { LATER_MS, attemptIn, watched, watchedWhile } from '../work/unchanged.ts'
import { signalsOf } from '../work/write.ts'

const HINT =
  'Sort, fill in and rename in a copy: several outputs are given the same batch, and it may be written again.'
const FAULTS = ['refuse', 'busy', 'down'] as const

/** What an output does to the batch itself. */
export const BATCH: readonly Check[] = [
  {
    id: 'output.batch-unchanged',
    level: 'must',
    clauses: ['O-7'],
    kinds: ['output'],
    async run(subject) {
      const { session } = await subject.open()
      const signals = signalsOf(subject.definition)
      const batchesOf = (signal: Signal): readonly Batch[] => [
        markedBatch(signal, 1, subject.random).batch,
        markedBatch(signal, 20, subject.random).batch,
        oddBatch(signal),
      ]
      await ensureUnchanged(session, signals.flatMap(batchesOf), '')
      await ensureNoAttempt(session, signals.flatMap(batchesOf), '')
      const faults = subject.isFull ? (await subject.peer()).faults : undefined
      const ways = signals.flatMap((signal) => FAULTS.map((name) => ({ signal, name })))
      for (const { signal, name } of inTime(ways)) {
        if (faults?.[name] === undefined) continue
        const { batch } = markedBatch(signal, 10, subject.random)
        for (const ensureSo of [ensureUnchanged, ensureNoAttempt]) {
          await faults[name](RETRY_AFTER_MS)
          try {
            await ensureSo(session, [batch], ` while the fault "${name}" was on`)
          } finally {
            await faults.heal()
          }
        }
      }
    },
  },
]

/** Looks at batches while they are written, and a while after. */
async function ensureUnchanged(session: AnySession, batches: readonly Batch[], when: string): Promise<void> {
  const watches = batches.map((batch) => ({ batch, did: didWith(batch, when), changed: watched(batch) }))
  for (const { batch, did, changed } of inTime(watches)) {
    const { end, what } = await watchedWhile(changed, () => session.write!(batch as never))
    ensure(what === undefined, { did, saw: String(what), hint: HINT })
    // For output.answers to tell; a second write would be open beside it.
    if (end.how === 'pending') break
  }
  await delay(LATER_MS)
  for (const { did, changed } of watches) {
    const what = changed()
    ensure(what === undefined, { did: `${did}, and waited`, saw: String(what), hint: HINT })
  }
}

/** Writes batches that cannot be changed: who changes them and puts them back is seen by what it throws. */
async function ensureNoAttempt(session: AnySession, batches: readonly Batch[], when: string): Promise<void> {
  for (const batch of inTime(batches)) {
    const end = await ending(() => session.write!(frozen(batch) as never))
    if (end.how === 'pending') break
    const errors =
      end.how === 'rejected' ? [end.error] : (end.value?.rejected ?? []).map(({ error }) => error)
    const attempt = errors.map(attemptIn).find((one) => one !== undefined)
    ensure(attempt === undefined, {
      did: `${didWith(batch, when)}, frozen`,
      saw: `it failed: ${attempt}`,
      hint: HINT,
    })
  }
}

function didWith({ length, signal }: Batch, when: string): string {
  return `wrote a batch of ${length} (${signal})${when}`
}
