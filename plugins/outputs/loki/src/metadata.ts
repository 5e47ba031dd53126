import type { EventRecord, LogRecord } from '@smart-gateway/sdk'
import { FIELDS } from './labels.ts'
import type { LabelChoice } from './labels.ts'
import { bytesOf } from './stream.ts'
import type { Pairs } from './stream.ts'
import { safeName, textOf } from './text.ts'

/** The structured metadata of one record: what its stream's labels do not say. Throws on a label that nests too deeply. */
export type ReadMetadata = (record: LogRecord | EventRecord) => Pairs

/** Makes a reader; `leftOut` is told of each pair that does not fit into Loki's limits and stays behind. */
export function metadataReader({ chosen, names }: LabelChoice, leftOut: () => void): ReadMetadata {
  const fields = FIELDS.filter((field) => !chosen.has(field))
  const taken = new Set([...names, ...FIELDS])
  const plans = new Map<string, Plan>()
  const planOf = (label: string): Plan => {
    const known = plans.get(label)
    if (known !== undefined) return known
    const plan = makePlan(label)
    if (plans.size < MAX_PLANS) plans.set(label, plan)
    return plan
  }
  const makePlan = (label: string): Plan => {
    if (chosen.has(label) && !FIELDS.some((field) => field === label)) return { kind: 'skip' }
    const name = safeName(label)
    return name === label && !taken.has(name) ? { kind: 'keep' } : { kind: 'rename', name }
  }

  return (record) => {
    const { labels } = record
    const pairs: string[] = []
    let length = 0
    for (const field of fields) {
      const text = textOf(record[field])
      if (text === '') continue
      pairs.push(field, text)
      length += field.length + text.length
    }
    for (const label in labels) {
      const plan = planOf(label)
      const text = plan.kind === 'skip' ? '' : textOf(labels[label])
      if (text === '') continue
      // Before it looks for a free name: ten thousand labels that come out equal would take minutes.
      if (pairs.length >= MAX_PAIRS * 2) {
        leftOut()
        continue
      }
      const name = plan.kind === 'rename' ? freeName(plan.name, taken, labels, pairs) : label
      pairs.push(name, text)
      length += name.length + text.length
    }
    return length * MAX_BYTES_PER_UNIT <= MAX_BYTES ? pairs : fitting(pairs, leftOut)
  }
}

/** UTF-8 takes no more for one of a string's units. */
const MAX_BYTES_PER_UNIT = 3

/** What becomes of a label. */
type Plan =
  /** Its stream has it. */
  { readonly kind: 'skip' } | { readonly kind: 'keep' } | { readonly kind: 'rename'; readonly name: string }

// Labels come from peers, which may never stop to invent new ones.
const MAX_PLANS = 1000

// Loki's own limits, max_structured_metadata_entries_count and max_structured_metadata_size.
const MAX_PAIRS = 128
const MAX_BYTES = 65_536

/** The name, or with the first number behind it that is free. A label that needs no other name keeps its own. */
function freeName(name: string, taken: ReadonlySet<string>, labels: object, pairs: Pairs): string {
  const isTaken = (one: string): boolean =>
    taken.has(one) || Object.hasOwn(labels, one) || pairs.some((used, i) => i % 2 === 0 && used === one)
  if (!isTaken(name)) return name
  let n = 2
  while (isTaken(`${name}_${n}`)) n += 1
  return `${name}_${n}`
}

function fitting(pairs: Pairs, leftOut: () => void): Pairs {
  const kept: string[] = []
  let bytes = 0
  for (let i = 0; i < pairs.length; i += 2) {
    const pair = pairs.slice(i, i + 2)
    const size = bytesOf(pair)
    if (bytes + size > MAX_BYTES) leftOut()
    else {
      bytes += size
      kept.push(...pair)
    }
  }
  return kept
}
