import type { Batch, EventRecord, LogRecord, RecordSink, Series, Signal } from '@smart-gateway/sdk'

/** Gathers what a decoder yields, one column per field for samples, until it is cut into batches. */
export class Sink implements RecordSink {
  #rejected = 0
  #firstRejection = ''
  #skips = 0
  #series: Series[] = []
  #values: number[] = []
  #times: number[] = []
  #events: EventRecord[] = []
  #logs: LogRecord[] = []

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

  reject(reason: string): void {
    // One is told: the reasons of a hostile body would take many times its size.
    if (this.#rejected++ === 0) this.#firstRejection = reason
  }

  skip(): void {
    this.#skips++
  }

  /** True when an element was refused or left out since the notes were taken. */
  get noted(): boolean {
    return this.#skips > 0 || this.#rejected > 0
  }

  /** Hands out the notes on refused and left out elements and starts anew. */
  takeNotes(): { rejected: number; firstRejection: string; skips: number } {
    const notes = { rejected: this.#rejected, firstRejection: this.#firstRejection, skips: this.#skips }
    this.#rejected = 0
    this.#firstRejection = ''
    this.#skips = 0
    return notes
  }

  get samples(): number {
    return this.#series.length
  }

  get events(): number {
    return this.#events.length
  }

  get logs(): number {
    return this.#logs.length
  }

  /** Takes all records of a batch. */
  add(batch: Batch): void {
    // Whatever stands in its columns.
    if (batch.length === 0) return
    if (batch.signal === 'event') for (const record of batch.records) this.#events.push(record)
    else if (batch.signal === 'log') for (const record of batch.records) this.#logs.push(record)
    else
      for (let i = 0; i < batch.length; i++) this.sample(batch.series[i]!, batch.values[i]!, batch.times[i]!)
  }

  /** Drops everything taken since the counts were as given. */
  rewind(samples: number, events: number, logs: number): void {
    this.#series.length = this.#values.length = this.#times.length = samples
    this.#events.length = events
    this.#logs.length = logs
  }

  /** Hands out everything of one signal as a batch and starts anew; undefined when there is nothing. */
  cut(signal: Signal): Batch | undefined {
    if (signal === 'metric') return this.#cutSamples()
    if (signal === 'event') {
      const records = this.#events
      if (records.length === 0) return undefined
      this.#events = []
      return { signal, length: records.length, records }
    }
    const records = this.#logs
    if (records.length === 0) return undefined
    this.#logs = []
    return { signal, length: records.length, records }
  }

  #cutSamples(): Batch | undefined {
    const length = this.#series.length
    if (length === 0) return undefined
    const batch: Batch = {
      signal: 'metric',
      length,
      series: this.#series,
      values: this.#values,
      times: this.#times,
    }
    this.#series = []
    this.#values = []
    this.#times = []
    return batch
  }
}
