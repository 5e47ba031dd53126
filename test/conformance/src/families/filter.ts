import { isDeepStrictEqual } from 'node:util'
import type { Batch, BatchOf, Series, Signal } from '@smart-gateway/sdk'
import type { Check } from '../check.ts'
import { ensure, fail } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import { copyOf, crossed, markedBatch, oddBatch } from '../work/batches.ts'
import { watched } from '../work/unchanged.ts'

const SIGNALS: readonly Signal[] = ['metric', 'event', 'log']

/** What a filter makes of batches. */
export const FILTER: readonly Check[] = [
  {
    id: 'filter.batch-unchanged',
    level: 'must',
    clauses: ['F-2'],
    kinds: ['filter'],
    async run(subject) {
      const { session } = await subject.open()
      for (const batch of batches(subject)) {
        const changed = watched(batch)
        session.apply!(batch)
        const what = changed()
        ensure(what === undefined, {
          did: `applied it to a batch of ${batch.length} (${batch.signal})`,
          saw: String(what),
          hint: 'Return another batch.',
        })
      }
    },
  },
  {
    id: 'filter.whole',
    level: 'must',
    clauses: ['F-1', 'F-4'],
    kinds: ['filter'],
    async run(subject) {
      const { session } = await subject.open()
      for (const batch of batches(subject)) {
        const made = session.apply!(batch) as Batch | undefined
        const flaw = flawOf(made, batch.signal)
        ensure(flaw === undefined, {
          did: `applied it to a batch of ${batch.length} (${batch.signal})`,
          saw: String(flaw),
          hint: 'Keep every column as long as `length` says.',
        })
      }
    },
  },
  {
    id: 'filter.order',
    level: 'must',
    clauses: ['F-3'],
    kinds: ['filter'],
    async run(subject) {
      const { session } = await subject.open()
      for (const signal of SIGNALS) {
        const { batch } = markedBatch(signal, 20, subject.random)
        const made = session.apply!(batch)
        const did = `applied it to a batch of ${batch.length} (${signal})`
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
    },
  },
  {
    id: 'filter.series-interned',
    level: 'must',
    clauses: ['F-7'],
    kinds: ['filter'],
    async run(subject) {
      const { session } = await subject.open()
      for (const batch of batches(subject)) {
        if (batch.signal !== 'metric') continue
        const [first, second] = [madeSeries(session, batch), madeSeries(session, batch)]
        const did = `applied it twice to the same batch of ${batch.length} (${batch.signal})`
        const hint = 'Keep what is made of a series in a WeakMap, by that series, and freeze it.'
        ensure(first.every(Object.isFrozen), { did, saw: 'it made a series that is not frozen', hint })
        ensure(first.length !== second.length || first.every((series, i) => series === second[i]), {
          did,
          saw: 'the second time the series that it made are other objects',
          hint,
        })
      }
    },
  },
  {
    id: 'filter.typed-columns',
    level: 'must',
    clauses: ['W-2'],
    kinds: ['filter'],
    async run(subject) {
      const { session } = await subject.open()
      for (const batch of batches(subject)) {
        if (batch.signal !== 'metric') continue
        const plain = crossed(session.apply!(copyOf(batch)))
        const end = await ending(() => session.apply!(crossed(batch)))
        const did = `applied it to a batch of ${batch.length} (${batch.signal}) whose columns are Float64Array`
        const hint = 'Read columns by index: a typed array has not what an array has.'
        if (end.how !== 'resolved')
          fail({ did, saw: end.how === 'rejected' ? messageOf(end.error) : 'it is pending', hint })
        ensure(isDeepStrictEqual(crossed(end.value), plain), {
          did,
          saw: 'it gave another batch than of arrays',
          hint,
        })
      }
    },
  },
  {
    id: 'filter.deterministic',
    level: 'should',
    clauses: ['F-8'],
    kinds: ['filter'],
    async run(subject) {
      const { session } = await subject.open()
      for (const batch of batches(subject)) {
        const first = structuredClone(session.apply!(copyOf(batch)))
        const second = structuredClone(session.apply!(copyOf(batch)))
        ensure(isDeepStrictEqual(first, second), {
          did: `applied it twice to the same batch of ${batch.length} (${batch.signal})`,
          saw: 'it gave two different batches',
          hint: 'Decide by the records alone.',
        })
      }
    },
  },
]

function batches({ random }: Subject): readonly Batch[] {
  return SIGNALS.flatMap((signal) => [markedBatch(signal, 20, random).batch, oddBatch(signal)])
}

function timesOf(batch: Batch): readonly number[] {
  return batch.signal === 'metric' ? Array.from(batch.times) : batch.records.map(({ timeMs }) => timeMs)
}

/** The series that a filter gives in the place of others. */
function madeSeries(session: AnySession, batch: BatchOf<'metric'>): readonly Series[] {
  const made = session.apply!(copyOf(batch))
  return made.signal === 'metric' ? made.series.filter((series) => !batch.series.includes(series)) : []
}

function flawOf(batch: Batch | undefined, signal: Signal): string | undefined {
  if (typeof batch !== 'object' || batch === null) return `it returned ${String(batch)}`
  if (batch.signal !== signal) return `it returned a batch of ${String(batch.signal)}`
  const columns = batch.signal === 'metric' ? [batch.series, batch.values, batch.times] : [batch.records]
  return columns.every((column) => column?.length === batch.length)
    ? undefined
    : `it returned a batch of length ${batch.length} whose columns have ${columns.map((column) => column?.length).join(', ')}`
}
