import { permanent } from '@smart-gateway/sdk'
import type { Batch, EventRecord, LogRecord, MetricBatch } from '@smart-gateway/sdk'
import { parseExactly, stringifyExactly } from '@smart-gateway/sdk/json'
import type { Row } from './messages.ts'
import { metricColumns, newMetricBody } from './metric-body.ts'
import type { SeriesDictionary } from './series-dictionary.ts'

/** The body of a batch on the disk; metrics name their series by the dictionary's ids. Throws when JSON cannot hold a record. */
export function encodeBatch(
  batch: Batch,
  batchId: number,
  dictionary: SeriesDictionary,
): Uint8Array<ArrayBuffer> {
  return batch.signal === 'metric' ? encodeMetrics(batch, batchId, dictionary) : encodeRecords(batch.records)
}

/** The batch of a row whose checksum is right. */
export function decodeBatch(row: Row, dictionary: SeriesDictionary): Batch {
  const { signal, records: length, body } = row
  if (signal === 'metric') return decodeMetrics(body, length, dictionary)
  return { signal, length, records: parseExactly(decoder.decode(body)) } as Batch
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

// The whole path of a message costs 2.3 µs, and this is on it for every sample: no object per sample.
function encodeMetrics(
  batch: MetricBatch,
  batchId: number,
  dictionary: SeriesDictionary,
): Uint8Array<ArrayBuffer> {
  const { values, times, ids } = newMetricBody(batch.length)
  for (let i = 0; i < batch.length; i++) {
    values[i] = batch.values[i]!
    times[i] = batch.times[i]!
    ids[i] = dictionary.idOf(batch.series[i]!, batchId)
  }
  return new Uint8Array(values.buffer)
}

function decodeMetrics(
  body: Uint8Array<ArrayBuffer>,
  length: number,
  dictionary: SeriesDictionary,
): MetricBatch {
  const { values, times, ids } = metricColumns(body, length)!
  const series = Array.from(ids, (id) => dictionary.byId(id))
  return { signal: 'metric', length, series, values, times }
}

function encodeRecords(records: readonly (EventRecord | LogRecord)[]): Uint8Array<ArrayBuffer> {
  const timeless = records.find(({ timeMs }) => !Number.isFinite(timeMs))
  if (timeless !== undefined)
    throw permanent(`a record of ${timeless.index} has the time ${timeless.timeMs}, which JSON cannot hold`)
  try {
    return encoder.encode(stringifyExactly(records))
  } catch (cause) {
    throw permanent(`a record of ${records[0]?.index} or its neighbours holds what JSON cannot`, { cause })
  }
}
