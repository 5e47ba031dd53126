import { isDeepStrictEqual } from 'node:util'
import type { Batch, Signal } from '@smart-gateway/sdk'
import type { Check } from '../check.ts'
import { ensure } from '../finding.ts'
import type { Subject } from '../subject/subject.ts'
import { copyOf, markedBatch, oddBatch } from '../work/batches.ts'
import { watched } from '../work/unchanged.ts'

const SIGNALS: readonly Signal[] = ['metric', 'event', 'log']

/** What a filter makes of batches. */
export const FILTER: readonly Check[] = [
  {
    id: 'filter.batch-unchanged',
    level: 'must',
    clause: 'FilterSession.apply: it MUST NOT change the batch that it is given.',
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
    clause:
      'FilterSession.apply: returns the batch as it shall go on: the same one, another one, or one of length 0.',
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
    id: 'filter.deterministic',
    level: 'must',
    clause: 'FilterSession.apply: what is written again after a failure has to be the same.',
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

function flawOf(batch: Batch | undefined, signal: Signal): string | undefined {
  if (typeof batch !== 'object' || batch === null) return `it returned ${String(batch)}`
  if (batch.signal !== signal) return `it returned a batch of ${String(batch.signal)}`
  const columns = batch.signal === 'metric' ? [batch.series, batch.values, batch.times] : [batch.records]
  return columns.every((column) => column?.length === batch.length)
    ? undefined
    : `it returned a batch of length ${batch.length} whose columns have ${columns.map((column) => column?.length).join(', ')}`
}
