/** A parser that refuses every page on which Prometheus, or a strict OpenMetrics reader, could stumble. */

export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly timestamp: number | undefined
}

export interface ParsedFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: ParsedSample[]
}

export type PageKind = 'text' | 'openmetrics'

/** Returns the families of a page, in order. Throws on anything invalid, and says where. */
export function parsePage(page: Uint8Array | string, kind: PageKind): ParsedFamily[] {
  const families: ParsedFamily[] = []
  const claimed = new Set<string>()
  const seen = new Set<string>()
  const lines = linesOf(page, kind)
  for (let at = 0; at < lines.length;) {
    const family = parseHead(lines, at, kind)
    for (const name of claims(family, kind)) {
      if (claimed.has(name)) throw new Error(`line ${at + 1}: ${name} clashes with a family before`)
      claimed.add(name)
    }
    at += 2
    for (let line = lines[at]; line !== undefined && !line.startsWith('#'); line = lines[++at]) {
      const sample = parseSample(line, at + 1)
      const expected =
        kind === 'openmetrics' && family.type === 'counter' ? `${family.name}_total` : family.name
      if (sample.name !== expected) throw new Error(`line ${at + 1}: ${sample.name} in family ${family.name}`)
      const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      if (seen.has(identity)) throw new Error(`line ${at + 1}: ${line} is on the page twice`)
      seen.add(identity)
      family.samples.push(sample)
    }
    if (family.samples.length === 0) throw new Error(`family ${family.name} has no samples`)
    families.push(family)
  }
  return families
}

const TYPES = { text: ['counter', 'gauge', 'untyped'], openmetrics: ['counter', 'gauge', 'unknown'] }
const METRIC_NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const HEAD = new RegExp(`^# (HELP|TYPE) (${METRIC_NAME}) (.+)$`, 's')
const SAMPLE = new RegExp(`^(${METRIC_NAME})(?:\\{(.+)\\})? (\\S+)(?: (-?[0-9.e+]+))?$`, 's')
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/sy
const VALUE = /^(NaN|[+-]Inf|-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?)$/

function linesOf(page: Uint8Array | string, kind: PageKind): string[] {
  const text = typeof page === 'string' ? page : new TextDecoder('utf-8', { fatal: true }).decode(page)
  if (text === '' && kind === 'text') return []
  const lines = text.split('\n')
  if (lines.pop() !== '') throw new Error('the page does not end with a line feed')
  if (kind === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('the page does not end with # EOF')
  return lines
}

function parseHead(lines: readonly string[], at: number, kind: PageKind): ParsedFamily {
  const [, helpWord, name = '', help = ''] = HEAD.exec(lines[at] ?? '') ?? []
  const [, typeWord, typedName, type = ''] = HEAD.exec(lines[at + 1] ?? '') ?? []
  if (helpWord !== 'HELP' || typeWord !== 'TYPE' || name !== typedName) {
    throw new Error(`line ${at + 1}: HELP and TYPE of one family expected: ${lines[at]} / ${lines[at + 1]}`)
  }
  if (!TYPES[kind].includes(type)) throw new Error(`line ${at + 2}: no type of this format: ${type}`)
  const escapes = kind === 'text' ? /^([^\\]|\\[\\n])*$/s : /^([^\\"]|\\[\\n"])*$/s
  if (!escapes.test(help)) throw new Error(`line ${at + 1}: wrong escape: ${help}`)
  return { name, type, help, samples: [] }
}

function claims({ name, type }: ParsedFamily, kind: PageKind): string[] {
  return kind === 'openmetrics' && type === 'counter' ? [name, `${name}_total`, `${name}_created`] : [name]
}

function parseSample(line: string, number: number): ParsedSample {
  const [, name, labels = '', value = '', timestamp] = SAMPLE.exec(line) ?? []
  if (name === undefined || !VALUE.test(value)) throw new Error(`line ${number}: no sample: ${line}`)
  const time = timestamp === undefined ? undefined : Number(timestamp)
  if (Number.isNaN(time)) throw new Error(`line ${number}: wrong time: ${line}`)
  return {
    name,
    labels: parseLabels(labels, number),
    value: Number(value.replace('Inf', 'Infinity')),
    timestamp: time,
  }
}

function parseLabels(text: string, number: number): Record<string, string> {
  // Without a prototype, `constructor` and `__proto__` are names like any other.
  const labels: Record<string, string> = Object.create(null)
  for (let at = 0; at < text.length;) {
    LABEL.lastIndex = at
    const [all, name, value] = LABEL.exec(text) ?? []
    if (all === undefined || name === undefined || value === undefined)
      throw new Error(`line ${number}: no label: ${text.slice(at)}`)
    if (name === '__name__' || name in labels) throw new Error(`line ${number}: label ${name} twice`)
    if (value === '') throw new Error(`line ${number}: label ${name} is empty, which means absent`)
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    at += all.length
  }
  return labels
}
