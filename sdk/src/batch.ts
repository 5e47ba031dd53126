import type { EventRecord, LogRecord, Series, Signal } from './record.ts'
import type { PluginError } from './errors.ts'

/**
 * Metric samples in columns: sample `i` is `values[i]` of `series[i]` at `times[i]`. Columns cross to a
 * worker thread as they are and cost no object per sample. An output MUST NOT change them.
 */
export interface MetricBatch {
  /** Tells this batch from the others. */
  readonly signal: 'metric'
  /** Number of samples, from 1 to `batch.records` of startup.yaml (1000) in what `write` is given; every column is that long. */
  readonly length: number
  /** The series of each sample; one that has several samples stands there as often. */
  readonly series: readonly Series[]
  /** The value of each sample in its series' own unit: any double, NaN and the infinities included. */
  readonly values: ArrayLike<number>
  /** The time of each sample in milliseconds since the epoch; 0 when its source gave none. */
  readonly times: ArrayLike<number>
}

/** Events in the order in which they were decoded. An output MUST NOT change them. */
export interface EventBatch {
  /** Tells this batch from the others. */
  readonly signal: 'event'
  /** Number of events, from 1 to `batch.records` of startup.yaml (1000) in what `write` is given. */
  readonly length: number
  /** The events, `length` of them; `Rejection.index` is a position in here. */
  readonly records: readonly EventRecord[]
}

/** Log lines in the order in which they were decoded. An output MUST NOT change them. */
export interface LogBatch {
  /** Tells this batch from the others. */
  readonly signal: 'log'
  /** Number of log lines, from 1 to `batch.records` of startup.yaml (1000) in what `write` is given. */
  readonly length: number
  /** The log lines, `length` of them; `Rejection.index` is a position in here. */
  readonly records: readonly LogRecord[]
}

/** Records of one signal on their way to one output; tell them apart by `signal`. */
export type Batch = MetricBatch | EventBatch | LogBatch

/** The batches that an output which accepts the signals `S` is given. */
export type BatchOf<S extends Signal> = Extract<Batch, { signal: S }>

/** One record of a batch that the store did not take. */
export interface Rejection {
  /** Its position in the batch, from 0; one outside the batch makes the whole write count as failed. */
  readonly index: number
  /**
   * Why. The host writes that record again after a wait, unless `retryable` on it is false: then it is
   * refused for good. `retryAfter` is honoured as the least wait.
   */
  readonly error: PluginError
}

/**
 * What `write` resolves with: nothing (or an empty `rejected`) when the store has the whole batch, else the
 * records that it has not, each once.
 */
export type WriteResult = void | { readonly rejected: readonly Rejection[] }
