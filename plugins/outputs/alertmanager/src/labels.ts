import type { EventRecord } from '@smart-gateway/sdk'
import { stringifyExactly } from '@smart-gateway/sdk/json'

/** Names and values as Alertmanager takes them: both are text. */
export type Texts = Readonly<Record<string, string>>

/** An alert's labels: `alertname` and `severity` are always there. */
export type Labels = Texts & { readonly alertname: string; readonly severity: string }

/** An event's labels as they came; a name and a severity are added where it has none. */
export function labelsOf({ labels, index, severity }: EventRecord): Labels {
  const came = Object.entries(textsOf(labels)).filter(([, value]) => value !== '')
  return { alertname: index, severity, ...Object.fromEntries(came) }
}

/** Labels but for the severity: the same for all states of one thing. */
export function identityOf({ severity: _, ...labels }: Labels): string {
  return JSON.stringify(
    Object.keys(labels)
      .sort()
      .map((name) => [name, labels[name]]),
  )
}

/**
 * Fields in the form that Alertmanager takes. A forbidden character in a name becomes `_`; names that come out equal get `_2`,
 * `_3`, a valid one keeps its own. That goes by the names' sorted order, so that equal fields give equal names. `null` is left
 * out; what is no text is written as JSON.
 */
export function textsOf(fields: Readonly<Record<string, unknown>>): Texts {
  const texts = new Map<string, string>()
  const misnamed: [name: string, text: string][] = []
  for (const [name, value] of Object.entries(fields)) {
    const text = textOf(value)
    if (text === undefined) continue
    if (VALID_NAME.test(name)) texts.set(name, text)
    else misnamed.push([name, text])
  }
  const lastNumbers = new Map<string, number>()
  for (const [name, text] of misnamed.sort(byName)) texts.set(freeName(name, texts, lastNumbers), text)
  return Object.fromEntries(texts)
}

const VALID_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const FORBIDDEN = /[^a-zA-Z0-9_]/gu

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  return (typeof value === 'object' ? stringifyExactly(value) : String(value)).toWellFormed()
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1
}

// The numbers go on where they ended: ten thousand names that come out equal would take seconds if each began at 2.
function freeName(raw: string, taken: ReadonlyMap<string, string>, lastNumbers: Map<string, number>): string {
  const allowed = raw.replace(FORBIDDEN, '_')
  const name = /^[a-zA-Z_]/.test(allowed) ? allowed : `_${allowed}`
  let number = lastNumbers.get(name) ?? 1
  let free = name
  while (taken.has(free)) free = `${name}_${(number += 1)}`
  lastNumbers.set(name, number)
  return free
}
