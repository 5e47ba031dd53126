/** What a record is: one metric sample, one event or one log line. */
export type Signal = 'metric' | 'event' | 'log'

/** `counter` only grows (or restarts at 0), `gauge` goes both ways, `untyped` is anything else. */
export type MetricType = 'counter' | 'gauge' | 'untyped'

/** How grave an event or a log line is; `unknown` when its producer did not say or said something else. */
export type Severity = 'unknown' | 'debug' | 'info' | 'warning' | 'critical'

/**
 * The identity of a metric series and what describes it. Frozen and interned by the host: in steady state the
 * same series is the same object, so outputs key their caches on the object and hash no labels.
 */
export interface Series {
  /** The full metric name as its source forms it. An output adapts it to its own grammar. */
  readonly name: string
  /** Label name to label value, in the order in which the source gives them. */
  readonly labels: Readonly<Record<string, string>>
  /** How its values behave. */
  readonly type: MetricType
  /** Milliseconds between two samples as the source announces them; 0 when it does not. */
  readonly intervalMs: number
  /** One sentence on what is measured, where the source gives one. */
  readonly help?: string
  /** The unit's name, where the source gives one. */
  readonly unit?: string
}

/**
 * Something that happened: a notification, an alert, an audit entry. Plain data. It MUST NOT be changed by
 * anybody, the input included, once it was handed on: outputs share it.
 */
export interface EventRecord {
  /** The collection it belongs to, for example `collectd_interface_if`. Lower case, no spaces. */
  readonly index: string
  /** Milliseconds since the epoch; 0 when the source gave no time that could be read. */
  readonly timeMs: number
  /** Nanoseconds past `timeMs`, 0 to 999,999, where the source gave a time so fine; absent = 0. */
  readonly timeNs?: number
  /** How grave it is; `unknown` when its source does not say. */
  readonly severity: Severity
  /** Who sent it, `unknown` when it does not say. */
  readonly publisher: string
  /** What it is about. Values are JSON values; integers beyond 2^53 come as bigint. */
  readonly labels: Readonly<Record<string, unknown>>
  /** What is said about it. Values as in `labels`. */
  readonly annotations: Readonly<Record<string, unknown>>
  /** The producer's own unique id, where it gives one. Never derived from the content. */
  readonly id?: string
}

/**
 * One log line. Plain data. It MUST NOT be changed by anybody, the input included, once it was handed on:
 * outputs share it.
 */
export interface LogRecord {
  /** The collection it belongs to, for example `sglogs-host_1.2026.11.20`. */
  readonly index: string
  /** Milliseconds since the epoch; 0 when the source gave no time that could be read. */
  readonly timeMs: number
  /** Nanoseconds past `timeMs`, 0 to 999,999, where the source gave a time so fine; absent = 0. */
  readonly timeNs?: number
  /** How grave it is; `unknown` when its source does not say. */
  readonly severity: Severity
  /** Who wrote it, a host or a service; `unknown` when it does not say. */
  readonly publisher: string
  /** Where it is from, beside its publisher. Values are JSON values; integers beyond 2^53 come as bigint. */
  readonly labels: Readonly<Record<string, unknown>>
  /** The text of the line. */
  readonly message: string
  /** The producer's own unique id, where it gives one. Never derived from the content. */
  readonly id?: string
}

/**
 * Where an input puts what it decoded. Everything taken in one `decode` is handed on when it returns, nothing
 * when it throws. Its methods throw nothing; what is put there after `decode` has returned is lost.
 */
export interface RecordSink {
  /**
   * Takes one metric sample. `timeMs` is milliseconds since the epoch, 0 when the source gave none. `value`
   * may be any double; what is not a number at its source is not a sample: `reject` it instead.
   */
  sample(series: Series, value: number, timeMs: number): void
  /** Takes one event; the input MUST NOT change it any more. */
  event(record: EventRecord): void
  /** Takes one log line; the input MUST NOT change it any more. */
  log(record: LogRecord): void
  /**
   * Counts and logs one bad element among good ones; the others of the message go on. `reason` never holds a
   * secret.
   */
  reject(reason: string): void
  /** Counts one element that is left out on purpose, such as a NaN gauge: no error, but not silent either. */
  skip(reason: string): void
}
