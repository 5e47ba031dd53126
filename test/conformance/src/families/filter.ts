import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Batch, BatchOf, Series, Signal } from '@smart-gateway/sdk'
import type { Check } from '../check.ts'
import { ensure, fail, notRun } from '../finding.ts'
import { sinkOf } from '../host/sink.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { Applied, batches } from '../work/applied.ts'
import type { Fate } from '../work/applied.ts'
import { SIGNALS, copyOf, crossed, frozen, markedBatch, recordsOf, sliceOf } from '../work/batches.ts'
import { flawOfRecords } from '../work/decode.ts'
import { LATER_MS, attemptIn, watched } from '../work/unchanged.ts'

const READ_ONLY = 'Return another batch: what is given is shared, and frozen in parts.'

/** What a filter makes of batches. */
export const FILTER: readonly Check[] = [
  {
    id: 'filter.batch-unchanged',
    level: 'must',
    clauses: ['F-2', 'F-12'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      const watches = batches(subject).flatMap((batch) =>
        [batch, crossed(batch)].map((given) => ({ given, did: didWith(given), changed: watched(given) })),
      )
      const ensureUnchanged = (did: string, what: string | undefined): void =>
        ensure(what === undefined, { did, saw: String(what), hint: READ_ONLY })
      for (const { given, did, changed } of watches) {
        filter.fateOf(given)
        ensureUnchanged(did, changed())
      }
      await delay(LATER_MS)
      for (const { did, changed } of watches) ensureUnchanged(`${did} and waited`, changed())
      ensureReturnedStay(subject, filter)
      for (const batch of batches(subject)) {
        const fate = filter.fateOf(frozen(batch))
        const attempt = 'thrown' in fate ? attemptIn(fate.thrown) : undefined
        ensureUnchanged(`${didWith(batch)} that is frozen`, attempt && `it threw: ${attempt}`)
      }
      filter.ensureActed()
    },
  },
  {
    id: 'filter.whole',
    level: 'must',
    clauses: ['F-1', 'F-4', 'F-11'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      for (const batch of batches(subject)) {
        const fate = filter.fateOf(batch)
        const did = didWith(batch)
        if ('thrown' in fate)
          fail({
            did,
            saw: `it threw: ${messageOf(fate.thrown)}`,
            hint: 'Take a record away, or let it go on: of a batch whose filter throws nothing goes on.',
          })
        const flaw = flawOf(fate.made, batch.signal)
        ensure(flaw === undefined, {
          did,
          saw: String(flaw),
          hint: 'Return a batch, and keep every column as long as `length` says.',
        })
        const strange = flawOfRecords(sinkOf(fate.made))
        ensure(strange === undefined, {
          did,
          saw: `in what it returned, ${strange}`,
          hint: 'What goes on is as the types of the SDK have it: values and times are numbers, labels of series texts.',
        })
      }
      filter.ensureActed()
    },
  },
  {
    id: 'filter.order',
    level: 'must',
    clauses: ['F-3'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      for (const signal of SIGNALS)
        for (const length of [20, 1000]) {
          const { batch } = markedBatch(signal, length, subject.random)
          const fate = filter.fateOf(batch)
          if (!isWhole(fate, signal)) continue
          const { made } = fate
          const did = didWith(batch)
          const hint = 'Take records away, or put others in their place, where they stand.'
          ensure(made.length <= batch.length, { did, saw: `it returned ${made.length}`, hint })
          // The records of a marked batch have each a time of its own, in order.
          const known = new Set(timesOf(batch))
          const times = timesOf(made).filter((time) => known.has(time))
          ensure(
            times.every((time, i) => i === 0 || time > times[i - 1]!),
            { did, saw: 'those that go on have another order, or come twice', hint },
          )
        }
      filter.ensureActed()
    },
  },
  {
    id: 'filter.series-interned',
    level: 'must',
    clauses: ['F-7'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      let count = 0
      for (const batch of batches(subject)) {
        if (batch.signal !== 'metric') continue
        const [first, second] = [madeSeries(filter, batch), madeSeries(filter, batch)]
        count += first.length
        const did = `applied it twice to the same batch of ${batch.length} (${batch.signal})`
        const hint = 'Keep what is made of a series in a WeakMap, by that series, and freeze it.'
        ensure(first.every(Object.isFrozen), { did, saw: 'it made a series that is not frozen', hint })
        ensure(first.length !== second.length || first.every((series, i) => series === second[i]), {
          did,
          saw: 'the second time the series that it made are other objects',
          hint,
        })
      }
      filter.ensureActed()
      if (count === 0) notRun('it made no series of its own')
    },
  },
  {
    id: 'filter.typed-columns',
    level: 'must',
    clauses: ['W-2'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      for (const batch of batches(subject)) {
        if (batch.signal !== 'metric') continue
        const plain = filter.fateOf(copyOf(batch))
        if (!isWhole(plain, 'metric')) continue
        // Whoever does not do the same twice is told so by filter.deterministic.
        if (!isDeepStrictEqual(plain, filter.fateOf(copyOf(batch)))) continue
        const typed = filter.fateOf(crossed(batch))
        const did = `${didWith(batch)} whose columns are Float64Array`
        const hint = 'Read columns by index: a typed array has not what an array has.'
        if ('thrown' in typed) fail({ did, saw: messageOf(typed.thrown), hint })
        ensure(isWhole(typed, 'metric') && isDeepStrictEqual(crossed(typed.made), crossed(plain.made)), {
          did,
          saw: 'it gave another batch than of arrays',
          hint,
        })
      }
      filter.ensureActed()
    },
  },
  {
    id: 'filter.deterministic',
    level: 'should',
    clauses: ['F-8'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      // Sessions of their own: what a filter counts, it counts anew in each.
      const [whole, inParts] = [await Applied.open(subject, 2), await Applied.open(subject, 3)]
      const hint = 'Decide by the records alone.'
      for (const batch of batches(subject)) {
        const size = batch.length > 100 ? 20 : 1
        const outcomes = [outcomeOf(whole, batch), outcomeOf(inParts, batch, size)]
        if (!isWhole(filter.fateOf(copyOf(batch)), batch.signal)) continue
        ensure(isDeepStrictEqual(outcomeOf(filter, batch), outcomeOf(filter, batch)), {
          did: `applied it twice to the same batch of ${batch.length} (${batch.signal})`,
          saw: 'it gave two different batches',
          hint,
        })
        ensure(isDeepStrictEqual(outcomes[0], outcomes[1]), {
          did: `${didWith(batch)}, and to its records ${size === 1 ? 'one by one' : `${size} at a time`}`,
          saw: 'what goes on is not the same',
          hint,
        })
      }
      filter.ensureActed()
    },
  },
]

/** What was returned is on its way, in a queue say, while the next batch is applied. */
function ensureReturnedStay(subject: Subject, filter: Applied): void {
  const returned = batches(subject).flatMap((batch) => {
    const fate = filter.fateOf(batch)
    return isWhole(fate, batch.signal) ? [{ did: didWith(batch), changed: watched(fate.made) }] : []
  })
  for (const { did, changed } of returned) {
    const what = changed()
    ensure(what === undefined, {
      did: `${did}, then to others`,
      saw: `what it had returned is not what it was: ${what}`,
      hint: 'Return a new batch each time, with columns of its own: the one before is still on its way.',
    })
  }
}

function didWith(batch: Batch): string {
  return `applied it to a batch of ${batch.length} (${batch.signal})`
}

/** Whether a batch came back as one; where none did, `filter.whole` says so. */
function isWhole(fate: Fate, signal: Signal): fate is { readonly made: Batch } {
  return 'made' in fate && flawOf(fate.made, signal) === undefined
}

function timesOf(batch: Batch): readonly number[] {
  return batch.signal === 'metric' ? Array.from(batch.times) : batch.records.map(({ timeMs }) => timeMs)
}

/** The series that a filter gives in the place of others. */
function madeSeries(filter: Applied, batch: BatchOf<'metric'>): readonly Series[] {
  const fate = filter.fateOf(copyOf(batch))
  return isWhole(fate, 'metric') && fate.made.signal === 'metric'
    ? fate.made.series.filter((series) => !batch.series.includes(series))
    : []
}

/** What goes on of a batch that is given so many records at a time. */
function outcomeOf(filter: Applied, batch: Batch, size: number = batch.length): readonly unknown[] {
  const outcome: unknown[] = []
  for (let from = 0; from < batch.length; from += size) {
    const piece = sliceOf(copyOf(batch), from, from + size)
    const fate = filter.fateOf(piece)
    outcome.push(
      ...(isWhole(fate, batch.signal)
        ? structuredClone(recordsOf(fate.made))
        : recordsOf(piece).map(() => 'in no batch')),
    )
  }
  return outcome
}

function flawOf(batch: Batch | undefined, signal: Signal): string | undefined {
  if (typeof batch !== 'object' || batch === null) return `it returned ${String(batch)}`
  if (batch.signal !== signal) return `it returned a batch of ${String(batch.signal)}`
  const columns = batch.signal === 'metric' ? [batch.series, batch.values, batch.times] : [batch.records]
  return columns.every((column) => column?.length === batch.length)
    ? undefined
    : `it returned a batch of length ${batch.length} whose columns have ${columns.map((column) => column?.length).join(', ')}`
}
