import type { EventRecord, LogRecord, Series, Signal } from './record.ts'
import type { PluginError } from './errors.ts'

/**
 * Metric samples in columns: sample `i` is `values[i]` of `series[i]` at `times[i]` (milliseconds since the epoch, 0 for
 * none). Columns cross to a worker thread as they are and cost no object per sample. An output MUST NOT change them.
 */
export interface MetricBatch {
  readonly signal: 'metric'
  readonly length: number
  readonly series: readonly Series[]
  readonly values: ArrayLike<number>
  readonly times: ArrayLike<number>
}

/** Events in the order in which they were decoded. An output MUST NOT change them. */
export interface EventBatch {
  readonly signal: 'event'
  readonly length: number
  readonly records: readonly EventRecord[]
}

/** Log lines in the order in which they were decoded. An output MUST NOT change them. */
export interface LogBatch {
  readonly signal: 'log'
  readonly length: number
  readonly records: readonly LogRecord[]
}

/** Records of one signal on their way to one output; tell them apart by `signal`. */
export type Batch = MetricBatch | EventBatch | LogBatch

/** The batches that an output which accepts the signals `S` is given. */
export type BatchOf<S extends Signal> = Extract<Batch, { signal: S }>

/** One record of a batch that the store did not take. */
export interface Rejection {
  /** Its position in the batch. */
  readonly index: number
  /** Why; `retryable` on it says whether the host tries that record again. */
  readonly error: PluginError
}

/** What `write` resolves with: nothing when the store has the whole batch, else the records that it has not. */
export type WriteResult = void | { readonly rejected: readonly Rejection[] }
