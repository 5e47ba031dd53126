import type { Batch, EventRecord, LogRecord, RecordSink, Series, Signal } from '@smart-gateway/sdk'

/** A sample as the host takes it. */
export interface Sample {
  readonly series: Series
  readonly value: number
  readonly timeMs: number
}

/** A sink that keeps what it is given, and notices what comes when it is too late. */
export class KeepingSink implements RecordSink {
  readonly samples: Sample[] = []
  readonly events: EventRecord[] = []
  readonly logs: LogRecord[] = []
  readonly rejected: string[] = []
  readonly skipped: string[] = []
  /** What was put there after it was closed. */
  late = 0
  closed = false

  sample(series: Series, value: number, timeMs: number): void {
    this.#take(this.samples, { series, value, timeMs })
  }

  event(record: EventRecord): void {
    this.#take(this.events, record)
  }

  log(record: LogRecord): void {
    this.#take(this.logs, record)
  }

  reject(reason: string): void {
    this.#take(this.rejected, reason)
  }

  skip(reason: string): void {
    this.#take(this.skipped, reason)
  }

  get records(): number {
    return this.samples.length + this.events.length + this.logs.length
  }

  get signals(): readonly Signal[] {
    const signals: readonly (readonly [Signal, number])[] = [
      ['metric', this.samples.length],
      ['event', this.events.length],
      ['log', this.logs.length],
    ]
    return signals.filter(([, count]) => count > 0).map(([signal]) => signal)
  }

  /** Everything as plain data that can be compared. */
  get content(): unknown {
    const { samples, events, logs, rejected, skipped } = this
    return structuredClone({ samples, events, logs, rejected: rejected.length, skipped: skipped.length })
  }

  #take<T>(list: T[], item: T): void {
    if (this.closed) this.late++
    else list.push(item)
  }
}

/** A sink with the records of a batch in it. */
export function sinkOf(batch: Batch): KeepingSink {
  const sink = new KeepingSink()
  sink.samples.push(...samplesOf(batch))
  if (batch.signal === 'event') sink.events.push(...batch.records)
  if (batch.signal === 'log') sink.logs.push(...batch.records)
  return sink
}

/** The samples of a metric batch. */
export function samplesOf(batch: Batch): readonly Sample[] {
  if (batch.signal !== 'metric') return []
  return batch.series.map((series, i) => ({ series, value: batch.values[i]!, timeMs: batch.times[i]! }))
}
