import type {
  EventBatch,
  EventRecord,
  LogBatch,
  LogRecord,
  MetricBatch,
  RecordSink,
  Series,
} from '@smart-gateway/sdk'

/** A sink as the gateway's own is: metrics in columns, events and logs in lists. */
export class BatchSink implements RecordSink {
  readonly #series: Series[] = []
  readonly #values: number[] = []
  readonly #times: number[] = []
  readonly #events: EventRecord[] = []
  readonly #logs: LogRecord[] = []
  /** Elements that were refused: a figure with any is worth nothing. */
  rejected = 0

  sample(series: Series, value: number, timeMs: number): void {
    this.#series.push(series)
    this.#values.push(value)
    this.#times.push(timeMs)
  }

  event(record: EventRecord): void {
    this.#events.push(record)
  }

  log(record: LogRecord): void {
    this.#logs.push(record)
  }

  reject(): void {
    this.rejected++
  }

  skip(): void {}

  metrics(): MetricBatch {
    return {
      signal: 'metric',
      length: this.#series.length,
      series: this.#series,
      values: this.#values,
      times: this.#times,
    }
  }

  events(): EventBatch {
    return { signal: 'event', length: this.#events.length, records: this.#events }
  }

  logs(): LogBatch {
    return { signal: 'log', length: this.#logs.length, records: this.#logs }
  }
}
