import type { MetricBatch } from '../batch.ts'
import type { Series } from '../record.ts'

/** How samples are written as statsd metrics. */
export interface StatsdOptions {
  /** Bytes that a datagram holds at most; 1432 when left out, which fits an Ethernet frame. */
  readonly maxBytes?: number
  /** The name of a series, which is escaped; `statsdName` when left out. */
  readonly nameOf?: (series: Series) => string
}

/** A batch as statsd datagrams. */
export interface StatsdDatagrams {
  /** What is to be sent, each as one datagram, in this order. */
  readonly datagrams: readonly Buffer[]
  /** The positions in the batch of samples that statsd has no words for: no finite number, or a name longer than a datagram. */
  readonly leftOut: readonly number[]
}

/**
 * Makes a function that writes metric samples as statsd gauges, `name:value|g`, packed into datagrams. Counters are gauges too: theirs are totals,
 * and statsd's `c` adds up what it is given. Times are not written, statsd has none. What it makes throws nothing but what `nameOf` throws.
 * Keep it: it remembers the name of each series.
 */
export function statsdEncoder({ maxBytes = 1432, nameOf = statsdName }: StatsdOptions = {}): (
  batch: MetricBatch,
) => StatsdDatagrams {
  const names = new WeakMap<Series, string>()
  const escapedNameOf = (series: Series): string => {
    const known = names.get(series)
    if (known !== undefined) return known
    const name = statsdEscape(nameOf(series))
    names.set(series, name)
    return name
  }

  return ({ series, values, length }) => {
    const datagrams: Buffer[] = []
    const leftOut: number[] = []
    let text = ''
    for (let i = 0; i < length; i++) {
      const value = values[i]!
      const lines = Number.isFinite(value) ? linesOf(escapedNameOf(series[i]!), value) : undefined
      // All is ASCII: a character is a byte.
      if (lines === undefined || lines.length > maxBytes) {
        leftOut.push(i)
        continue
      }
      if (text !== '' && text.length + 1 + lines.length > maxBytes) {
        datagrams.push(Buffer.from(text, 'latin1'))
        text = ''
      }
      text += text === '' ? lines : `\n${lines}`
    }
    if (text !== '') datagrams.push(Buffer.from(text, 'latin1'))
    return { datagrams, leftOut }
  }
}

/** The name of a series and its label values in their order, with dots between: statsd has no labels. A dot in a label value becomes `_`. Throws nothing. */
export function statsdName({ name, labels }: Series): string {
  return [name, ...Object.values(labels).map((value) => value.replaceAll('.', '_') || '_')].join('.')
}

/** A name without what ends one in statsd (`:`, `|`, `@`, `#`), white space and all that is not printable ASCII: each becomes `_`. Throws nothing. */
export function statsdEscape(name: string): string {
  return name.replaceAll(/[^!-~]|[:|@#]/gu, '_') || '_'
}

// A gauge with a sign is added to what is there: a negative one is set by way of 0, in the same datagram.
function linesOf(name: string, value: number): string {
  return value < 0 ? `${name}:0|g\n${name}:${value}|g` : `${name}:${value}|g`
}
