import type { Batch } from '../batch.ts'
import { stringifyExactly } from '../json.ts'
import type { Series } from '../record.ts'

/** How records are written as JSON. */
export interface JsonOptions {
  /**
   * What a metric value is written as that JSON has no number for: `null` (the default), or `text` for `"NaN"`, `"+Inf"` and `"-Inf"`, which
   * tells them apart.
   */
  readonly nonFinite?: 'null' | 'text'
}

/**
 * Makes a function that writes the record at `index` of a batch as one JSON object on one line, without a line feed. `signal` comes first; a
 * metric sample has `name`, `labels`, `type`, `value` and `timeMs`, an event or log line its own members, integers beyond 2^53 exactly. What it
 * makes throws a RangeError for a record that nests thousands of levels, and nothing else. Keep it: it remembers the text of each series.
 */
export function jsonEncoder({ nonFinite = 'null' }: JsonOptions = {}): (
  batch: Batch,
  index: number,
) => string {
  const heads = new WeakMap<Series, string>()
  const headOf = (series: Series): string => {
    const known = heads.get(series)
    if (known !== undefined) return known
    const { name, labels, type } = series
    const head = `${JSON.stringify({ signal: 'metric', name, labels, type }).slice(0, -1)},"value":`
    heads.set(series, head)
    return head
  }
  const number = nonFinite === 'text' ? numberOrText : numberOrNull

  return (batch, index) => {
    if (batch.signal !== 'metric')
      return `{"signal":"${batch.signal}",${stringifyExactly(batch.records[index]).slice(1)}`
    const { series, values, times } = batch
    return `${headOf(series[index]!)}${number(values[index]!)},"timeMs":${numberOrNull(times[index]!)}}`
  }
}

function numberOrNull(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null'
}

function numberOrText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"+Inf"' : '"-Inf"'
}
