import { permanent } from '@smart-gateway/sdk'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import type { Batch, EventRecord, LogRecord, Rejection, Series } from '@smart-gateway/sdk'

export interface Lines {
  /** One JSON object per record, each ended by a line feed. */
  readonly bytes: Buffer
  readonly rejected: readonly Rejection[]
}

/** Turns batches into lines. */
export function lineWriter(): (batch: Batch) => Lines {
  const heads = new WeakMap<Series, string>()
  const headOf = (series: Series): string => {
    const known = heads.get(series)
    if (known !== undefined) return known
    const { name, labels, type } = series
    const head = `${JSON.stringify({ signal: 'metric', name, labels, type }).slice(0, -1)},"value":`
    heads.set(series, head)
    return head
  }

  return (batch) => {
    let text = ''
    if (batch.signal !== 'metric') return recordLines(batch.signal, batch.records)
    const { series, values, times } = batch
    for (let i = 0; i < batch.length; i += 1) {
      text += `${headOf(series[i]!)}${number(values[i]!)},"timeMs":${number(times[i]!)}}\n`
    }
    return { bytes: Buffer.from(text), rejected: [] }
  }
}

function recordLines(signal: 'event' | 'log', records: readonly (EventRecord | LogRecord)[]): Lines {
  const rejected: Rejection[] = []
  let text = ''
  for (const [index, record] of records.entries()) {
    try {
      text += `{"signal":"${signal}",${stringifyExactly(record).slice(1)}\n`
    } catch (cause) {
      // A label that is nested a hundred thousand deep can be parsed, but may not fit the stack on its way out.
      const reason = `This ${signal} cannot be written as JSON: ${(cause as Error).message}`
      rejected.push({ index, error: permanent(reason, { cause }) })
    }
  }
  return { bytes: Buffer.from(text), rejected }
}

// JSON has no word for these three.
function number(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"+Inf"' : '"-Inf"'
}
