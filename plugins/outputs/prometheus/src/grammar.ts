/** What Prometheus' two text formats allow, and how everything else is made to fit. */

/** A valid metric name: each forbidden character becomes `_`, and one goes before a leading digit. */
export function metricName(raw: string): string {
  return VALID_METRIC_NAME.test(raw) ? raw : withoutLeadingDigit(raw.replace(FORBIDDEN_IN_METRIC_NAME, '_'))
}

/**
 * The labels of a series as a page shows them, `{a="1",b="2"}` or nothing, in one canonical form: equal for two series
 * exactly when Prometheus holds them for the same one. Labels are sorted, and those with an empty value are left out
 * because Prometheus takes an empty label for an absent one.
 */
export function labelSet(labels: Readonly<Record<string, string>>): string {
  const named = nameLabels(labels)
  if (named.size === 0) return ''
  const parts: string[] = []
  for (const name of [...named.keys()].sort()) {
    parts.push(parts.length === 0 ? '{' : '",', name, '="', named.get(name) as string)
  }
  parts.push('"}')
  // join makes one flat string; a concatenated one would keep all its parts in memory.
  return parts.join('')
}

/** Help text on one line. */
export function helpText(text: string, quotesToo: boolean): string {
  const wellFormed = text.toWellFormed()
  return quotesToo ? escape(wellFormed) : wellFormed.replace(/[\\\n]/g, escapeOne)
}

/** A sample's value; JavaScript's shortest form is valid but for the infinities. */
export function sampleValue(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return `${value}`
}

const VALID_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const VALID_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const FORBIDDEN_IN_METRIC_NAME = /[^a-zA-Z0-9_:]/gu
const FORBIDDEN_IN_LABEL_NAME = /[^a-zA-Z0-9_]/gu
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

/** Prometheus keeps the metric's own name in a label of this name, and refuses a page on which a series has it twice. */
const METRIC_NAME_LABEL = '__name__'

/**
 * Valid names keep their own; of the others, those that would come out equal to one before get `_2`, `_3`, and so on. That goes
 * by the raw names' sorted order, so that it does not depend on the order in which a source gives them.
 */
function nameLabels(labels: Readonly<Record<string, string>>): Map<string, string> {
  const named = new Map<string, string>()
  const misnamed: string[] = []
  for (const raw of Object.keys(labels)) {
    const value = labelValue(labels[raw])
    if (value === '') continue
    if (raw !== METRIC_NAME_LABEL && VALID_LABEL_NAME.test(raw)) named.set(raw, value)
    else misnamed.push(raw)
  }
  for (const raw of misnamed.sort()) named.set(freeName(raw, named), labelValue(labels[raw]))
  return named
}

function freeName(raw: string, taken: ReadonlyMap<string, string>): string {
  const name = withoutLeadingDigit(raw.replace(FORBIDDEN_IN_LABEL_NAME, '_'))
  let free = name
  for (let n = 2; free === METRIC_NAME_LABEL || taken.has(free); n++) free = `${name}_${n}`
  return free
}

function withoutLeadingDigit(name: string): string {
  return name === '' || /^[0-9]/.test(name) ? `_${name}` : name
}

/** Takes what is no string too: nothing types the records of a plugin written in JavaScript. */
function labelValue(value: unknown): string {
  return escape(String(value).toWellFormed())
}

function escape(text: string): string {
  return /[\\"\n]/.test(text) ? text.replace(/[\\"\n]/g, escapeOne) : text
}

function escapeOne(character: string): string {
  return ESCAPES[character] as string
}
