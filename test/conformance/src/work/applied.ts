import { isDeepStrictEqual } from 'node:util'
import type { Batch } from '@smart-gateway/sdk'
import { notTried } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'
import { SIGNALS, copyOf, markedBatch, oddBatch } from './batches.ts'

/** What became of a batch. */
export type Fate = { readonly made: Batch } | { readonly thrown: unknown }

/** A filter that is open, and whether it has done anything yet: of one that changes nothing, nothing can be said. */
export class Applied {
  readonly #subject: Subject
  readonly #session: AnySession
  #hasActed = false

  private constructor(subject: Subject, session: AnySession) {
    this.#subject = subject
    this.#session = session
  }

  static async open(subject: Subject, generation = 1): Promise<Applied> {
    return new Applied(subject, (await subject.open(generation === 1 ? {} : { generation })).session)
  }

  /** One that has no options but the defaults. */
  static async openWithDefaults(subject: Subject): Promise<Applied> {
    return new Applied(subject, (await subject.open({ options: {} })).session)
  }

  /** What it makes of the batch; that it throws is for `filter.whole` to find. */
  fateOf(batch: Batch): Fate {
    const before = copyOf(batch)
    let fate: Fate
    try {
      fate = { made: this.#session.apply!(batch) }
    } catch (thrown) {
      fate = { thrown }
    }
    this.#hasActed ||= !('made' in fate && isSame(fate.made, before))
    return fate
  }

  /** Ends the check where the filter has let everything go on as it was. */
  ensureActed(): void {
    // One that leaves the check's own batches alone may do so rightly, if it changes others.
    if (!this.#hasActed) for (const batch of batches(this.#subject)) this.fateOf(batch)
    if (!this.#hasActed)
      notTried(
        'it changed none of the batches, so there was nothing to see: give `options` in conformance.js with which it changes some ' +
          '(metrics are named conformance_value and conformance_level, with values from 0 to 62,500)',
        'options',
      )
  }
}

/** Whether a filter has given back what it was given, series of its own in no place. */
export function isAsGiven(made: Batch, given: Batch): boolean {
  if (!isSame(made, given)) return false
  return (
    made.signal !== 'metric' ||
    given.signal !== 'metric' ||
    made.series.every((series, i) => series === given.series[i])
  )
}

/** Batches of each signal: one record, some, as many as there can be, and awkward ones. */
export function batches({ random }: Subject): readonly Batch[] {
  return SIGNALS.flatMap((signal) => [
    ...[1, 20, 1000].map((length) => markedBatch(signal, length, random).batch),
    oddBatch(signal),
  ])
}

function isSame(made: Batch | undefined, before: Batch): boolean {
  return made?.signal === before.signal && isDeepStrictEqual(columnsOf(made), columnsOf(before))
}

function columnsOf(batch: Batch): unknown {
  if (batch.signal !== 'metric') return batch.records
  return [batch.series, Array.from(batch.values), Array.from(batch.times)]
}
