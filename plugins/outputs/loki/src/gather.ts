import { permanent } from '@smart-gateway/sdk'
import type {
  Batch,
  EventBatch,
  EventRecord,
  LogBatch,
  MetricBatch,
  Rejection,
  Series,
} from '@smart-gateway/sdk'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import type { LabelChoice } from './labels.ts'
import type { ReadMetadata } from './metadata.ts'
import { metricHead, metricValue } from './metric-line.ts'
import { bytesOf } from './stream.ts'
import type { Pairs, Stream } from './stream.ts'
import { Streams } from './streams.ts'
import { timeOf } from './time.ts'

export interface Gathered {
  readonly streams: readonly Stream[]
  /** The records that cannot be written as a line. */
  readonly rejected: readonly Rejection[]
}

/** Turns a batch into streams; `nowMs` is the time of records that have none. */
export type Gather = (batch: Batch, nowMs: number) => Gathered

/** Makes a gatherer. Without `readMetadata` entries have none; records of more than `maxBytes` are rejected. */
export function gatherer(
  choice: LabelChoice,
  readMetadata: ReadMetadata | undefined,
  maxBytes: number,
): Gather {
  const known = new WeakMap<Series, { readonly values: readonly string[]; readonly head: string }>()
  const describe = (series: Series) => {
    const found = known.get(series)
    if (found !== undefined) return found
    const made = { values: choice.valuesOf('metric', series), head: metricHead(series) }
    known.set(series, made)
    return made
  }

  const gatherRecords = ({ signal, length, records }: LogBatch | EventBatch, nowMs: number): Gathered => {
    const streams = new Streams(choice)
    const rejected: Rejection[] = []
    for (let index = 0; index < length; index += 1) {
      const record = records[index]!
      try {
        const line = 'message' in record ? record.message.toWellFormed() : eventLine(record)
        const metadata = readMetadata?.(record) ?? NOTHING
        const { timeMs, timeNs } = timeOf(record.timeMs, record.timeNs, nowMs, index)
        const bytes = Buffer.byteLength(line) + bytesOf(metadata)
        if (bytes > maxBytes)
          throw new Error(`it has ${bytes} bytes, more than the ${maxBytes} of "maxBytes"`)
        streams.add(choice.valuesOf(signal, record), { index, timeMs, timeNs, line, metadata, bytes })
      } catch (cause) {
        // A value that is nested a hundred thousand deep can be parsed, but may not fit the stack on its way out.
        const reason = `This ${signal} cannot be sent to Loki: ${(cause as Error).message}`
        rejected.push({ index, error: permanent(reason, { cause }) })
      }
    }
    return { streams: streams.list(), rejected }
  }

  const gatherSamples = ({ length, series, values, times }: MetricBatch, nowMs: number): Gathered => {
    const streams = new Streams(choice)
    for (let index = 0; index < length; index += 1) {
      const described = describe(series[index]!)
      const line = described.head + metricValue(values[index]!)
      const { timeMs, timeNs } = timeOf(times[index]!, 0, nowMs, index)
      const bytes = Buffer.byteLength(line)
      streams.add(described.values, { index, timeMs, timeNs, line, metadata: NOTHING, bytes })
    }
    return { streams: streams.list(), rejected: [] }
  }

  return (batch, nowMs) =>
    batch.signal === 'metric' ? gatherSamples(batch, nowMs) : gatherRecords(batch, nowMs)
}

const NOTHING: Pairs = []

/** All that is known of an event; its time stands beside the line. */
function eventLine({ index, severity, publisher, id, labels, annotations }: EventRecord): string {
  return stringifyExactly({ index, severity, publisher, id, labels, annotations })
}
