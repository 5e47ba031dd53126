import type { Batch, EventRecord, LogRecord, Series, Severity, Signal } from '@smart-gateway/sdk'
import { keepRecords } from '@smart-gateway/sdk'
import { samplesOf } from '../host/sink.ts'
import { deepFreeze } from '../subject/deep-freeze.ts'

/** A batch, and the token that each of its records holds: no other record of the run holds it. */
export interface Marked {
  readonly batch: Batch
  readonly tokens: readonly string[]
}

let made = 0

export const SIGNALS: readonly Signal[] = ['metric', 'event', 'log']

/** A batch as the gateway hands it on: series frozen, all else plain. */
export function markedBatch(signal: Signal, length: number, random: () => number): Marked {
  const tokens = Array.from({ length }, () => {
    const noise = Math.floor(random() * 2 ** 32).toString(36)
    return `t${(made++).toString(36)}z${noise}z`
  })
  return { batch: batchOf(signal, tokens, random), tokens }
}

/** A batch that is the same whenever and wherever it is made. */
export function plainBatch(signal: Signal, random: () => number): Batch {
  const tokens = Array.from({ length: 20 }, (_, i) => `plain-${i}`)
  return batchOf(signal, tokens, random, 1_763_632_200_000)
}

/** What a batch holds, as plain data that can be compared. */
export function contentOf(batch: Batch): unknown {
  if (batch.signal !== 'metric') return structuredClone({ ...batch })
  const { signal, length, series, values, times } = batch
  const columns = { values: Array.from(values), times: Array.from(times) }
  return { signal, length, series: structuredClone(series), ...columns }
}

/** Two samples of one series under the first token; under the second two of series that are equal, but two objects. */
export function twinBatch(random: () => number): Marked {
  const { batch, tokens } = markedBatch('metric', 2, random)
  if (batch.signal !== 'metric') throw new Error('no metrics')
  const [one, other] = batch.series
  const twin = Object.freeze(structuredClone(other!))
  const [timeMs] = Array.from(batch.times)
  const series = [one!, one!, other!, twin]
  const times = [timeMs!, timeMs! + 1, timeMs!, timeMs! + 1]
  return { batch: { signal: 'metric', length: 4, series, values: [1, 2, 1, 2], times }, tokens }
}

/** Samples of one series, a minute apart, with the token that it holds. */
export function courseBatch(random: () => number): { readonly batch: Batch; readonly token: string } {
  const { batch, tokens } = markedBatch('metric', 1, random)
  if (batch.signal !== 'metric') throw new Error('no metrics')
  const minutes = [3, 2, 1]
  const series = minutes.map(() => batch.series[0]!)
  const times = minutes.map((minute) => batch.times[0]! - minute * 60_000)
  return { batch: { signal: 'metric', length: 3, series, values: minutes, times }, token: tokens[0]! }
}

/** Records that differ in their tokens only: a store that sorts by time, or keeps groups apart, has them as they came. */
export function alikeBatch(signal: Signal, length: number, random: () => number): Marked {
  const { batch, tokens } = markedBatch(signal, length, random)
  if (batch.signal === 'metric') {
    const [{ name }] = batch.series as [Series]
    const series = batch.series.map((one) => Object.freeze({ ...one, name }))
    return { batch: { ...batch, series, times: tokens.map(() => batch.times[0]!) }, tokens }
  }
  const [{ severity, timeMs }] = batch.records as [EventRecord | LogRecord]
  const records = batch.records.map((record) => ({ ...record, severity, timeMs }))
  return { batch: { ...batch, records } as Batch, tokens }
}

/** Records of a few series that come again and again: equal ones, and never the same object. */
export function recurringBatch(signal: Signal, length: number, random: () => number): Batch {
  const { batch } = markedBatch(signal, length, random)
  const labelsOf = (i: number) => ({ token: `again-${i % FEW}`, alertname: `again-${i % FEW}` })
  if (batch.signal === 'metric')
    return { ...batch, series: batch.series.map(({ name }, i) => seriesOf(name, labelsOf(i))) }
  const records = batch.records.map((record, i) => ({ ...record, labels: labelsOf(i) }))
  return { ...batch, records } as Batch
}

const FEW = 20

/** The batch again, as a retry brings it. */
export function copyOf(batch: Batch): Batch {
  if (batch.signal !== 'metric') return structuredClone(batch)
  return {
    ...batch,
    series: [...batch.series],
    values: Array.from(batch.values),
    times: Array.from(batch.times),
  }
}

/** The batch as it comes out at the other end in a thread: cloned, samples in typed columns. */
export function crossed(batch: Batch): Batch {
  if (batch.signal !== 'metric') return structuredClone(batch)
  const { signal, length, values, times } = batch
  const series = batch.series.map((one) => Object.freeze(structuredClone(one)))
  return { signal, length, series, values: Float64Array.from(values), times: Float64Array.from(times) }
}

/** The batch again, of which nothing can be changed: what tries to, throws. */
export function frozen(batch: Batch): Batch {
  return deepFreeze(copyOf(batch))
}

/** The records from one position to before another one, as a batch of their own. */
export function sliceOf(batch: Batch, from: number, to: number): Batch {
  return keepRecords(batch, (i) => i >= from && i < to)
}

/** What stands at each position of a batch. */
export function recordsOf(batch: Batch): readonly unknown[] {
  return batch.signal === 'metric' ? samplesOf(batch) : batch.records
}

/** What is rare but allowed: values that are no finite numbers, no time, texts that need care. */
export function oddBatch(signal: Signal): Batch {
  const texts = ['', ' ', 'a"b\\c', 'line\nline', '\u0000', 'ü€𝄞', '\ud800', '__proto__', 'x'.repeat(5000)]
  if (signal === 'metric') {
    const series = texts.map((text, i) => seriesOf(`odd.name-${i} ${text.slice(0, 10)}`, { token: text }))
    const values = [NaN, Infinity, -Infinity, 0, -0, 1e308, 5e-324, -1, 2 ** 53]
    return { signal, length: texts.length, series, values, times: texts.map((_, i) => (i % 2 === 0 ? 0 : 1)) }
  }
  const records = texts.map((text, i) => ({
    index: 'odd',
    timeMs: i % 2 === 0 ? 0 : Date.now(),
    severity: 'unknown' as const,
    publisher: text || 'unknown',
    labels: { [text]: text, deep: { a: [null, 2n ** 60n, { b: text }] } },
    message: text,
    annotations: { text },
  }))
  return withoutForeign(signal, records)
}

const SEVERITIES: readonly Severity[] = ['info', 'warning', 'critical', 'debug', 'unknown']

function batchOf(signal: Signal, tokens: readonly string[], random: () => number, nowMs = Date.now()): Batch {
  const length = tokens.length
  if (signal === 'metric')
    return {
      signal,
      length,
      series: tokens.map((token, i) =>
        seriesOf(i % 2 === 0 ? 'conformance_value' : 'conformance_level', { token }),
      ),
      values: tokens.map(() => Math.round(random() * 1e6) / 16),
      times: tokens.map((_, i) => nowMs - length + i),
    }
  const records = tokens.map((token, i) => ({
    index: 'conformance',
    timeMs: nowMs - length + i,
    severity: SEVERITIES[i % SEVERITIES.length]!,
    publisher: 'conformance',
    labels: { token, alertname: token },
    annotations: { summary: `says ${token}` },
    message: `says ${token}`,
    id: token,
  }))
  return withoutForeign(signal, records)
}

function withoutForeign(
  signal: 'event' | 'log',
  records: readonly {
    readonly index: string
    readonly timeMs: number
    readonly severity: Severity
    readonly publisher: string
    readonly labels: Readonly<Record<string, unknown>>
    readonly annotations: Readonly<Record<string, unknown>>
    readonly message: string
    readonly id?: string
  }[],
): Batch {
  const length = records.length
  return signal === 'event'
    ? { signal, length, records: records.map(({ message: _, ...event }) => event) }
    : { signal, length, records: records.map(({ annotations: _, ...log }) => log) }
}

function seriesOf(name: string, labels: Readonly<Record<string, string>>): Series {
  return Object.freeze({ name, labels: Object.freeze({ ...labels }), type: 'gauge', intervalMs: 10_000 })
}
