import type { Batch, PluginError, Signal } from '@smart-gateway/sdk'
import { asError } from '../errors.ts'
import { sliceBatch } from './batches.ts'
import type { Decoded } from './decoded.ts'
import type { Sieve } from './sieve.ts'
import { Sink } from './sink.ts'

const SIGNALS: readonly Signal[] = ['metric', 'event', 'log']

/**
 * The filters of one input or output, one behind the other. They are given the records of one message by themselves: so it is known whose
 * record was taken away, and a message that one of them cannot do with harms no other.
 */
export class Filters {
  readonly #sieves: readonly Sieve[]

  constructor(sieves: readonly Sieve[]) {
    this.#sieves = sieves
  }

  /** The first that is not open; undefined when all are. */
  get closed(): Sieve | undefined {
    return this.#sieves.find(({ open }) => !open)
  }

  /** What all of them leave of a batch. Throws what one of them fails with. */
  apply(batch: Batch): Batch {
    let left = batch
    for (const sieve of this.#sieves) {
      if (left.length === 0) return left
      left = sieve.apply(left)
    }
    return left
  }

  /** What they leave of messages that were decoded at once; one that they fail on is a failure like one that does not decode. */
  decoded({ count, batches, ends, failures, notes }: Decoded): Decoded {
    const sink = new Sink()
    const failed = new Map<number, PluginError>(failures)
    const left = {
      metric: new Uint32Array(count),
      event: new Uint32Array(count),
      log: new Uint32Array(count),
    }
    for (let i = 0; i < count; i++) {
      const { samples, events, logs } = sink
      try {
        for (const batch of batches) {
          const of = ends[batch.signal]
          const from = i === 0 ? 0 : of[i - 1]!
          if (of[i]! > from) sink.add(this.apply(sliceBatch(batch, from, of[i]!)))
        }
      } catch (thrown) {
        sink.rewind(samples, events, logs)
        failed.set(i, asError(thrown))
      }
      left.metric[i] = sink.samples
      left.event[i] = sink.events
      left.log[i] = sink.logs
    }
    const cut = SIGNALS.flatMap((signal) => sink.cut(signal) ?? [])
    return { count, batches: cut, ends: left, failures: failed, notes }
  }
}
