import { permanent } from '@smart-gateway/sdk'
import type { EventRecord, LogRecord, Series, Signal } from '@smart-gateway/sdk'
import type { LokiOptions } from './options.ts'
import type { Pairs } from './stream.ts'
import { cutToBytes, safeName, textOf } from './text.ts'

/** Which labels make a stream. */
export interface LabelChoice {
  /** The labels that were named in the options. */
  readonly chosen: ReadonlySet<string>
  /** The names of all labels that a stream may have. */
  readonly names: ReadonlySet<string>
  /** The values of the chosen labels; '' where one is absent. Throws on one that nests too deeply. */
  valuesOf(signal: Signal, source: LogRecord | EventRecord | Series): string[]
  /** A stream's labels, without the empty ones. */
  pairsOf(values: readonly string[]): Pairs
}

/** What events and logs have beside their labels. Of a field and a label with the same name the field is meant. */
export const FIELDS = ['index', 'publisher', 'severity', 'id'] as const

/** Reads the choice in the options. Throws when two labels come out with the same name. */
export function chooseLabels(options: Pick<LokiOptions, 'labels' | 'staticLabels'>): LabelChoice {
  const fixed = Object.entries(options.staticLabels).map(([name, value]) => [name, value.toWellFormed()])
  const names = options.labels.map((label) => safeName(label))
  const all = [...fixed.map(([name]) => name!), ...names]
  const twice = all.find((name, i) => all.indexOf(name) < i)
  if (twice !== undefined) {
    throw permanent(`Two labels come out as "${twice}". Leave one out of "labels" or "staticLabels".`)
  }
  const readers = options.labels.map((label) => readerOf(label))
  return {
    chosen: new Set(options.labels),
    names: new Set(all),
    valuesOf: (signal, source) =>
      readers.map((read) => cutToBytes(textOf(read(signal, source)), MAX_VALUE_BYTES)),
    pairsOf: (values) => [
      ...fixed.flat(),
      ...values.flatMap((value, i) => (value === '' ? [] : [names[i]!, value])),
    ],
  }
}

/** Loki's own limit, max_label_value_length. */
const MAX_VALUE_BYTES = 2048

type Reader = (signal: Signal, source: LogRecord | EventRecord | Series) => unknown

function readerOf(name: string): Reader {
  if (name === 'signal') return (signal) => signal
  const label: Reader = (_, { labels }) => (Object.hasOwn(labels, name) ? labels[name] : undefined)
  const field = FIELDS.find((one) => one === name)
  if (field === undefined) return label
  return (signal, source) => ('index' in source ? source[field] : label(signal, source))
}
