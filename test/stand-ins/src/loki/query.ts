import type { Label } from './labels.ts'
import { badRequest } from './refusal.ts'
import type { IngesterStream, Tenant } from './store.ts'

/** `/loki/api/v1/query_range` for a plain stream selector. Anything beyond it is refused. */
export function queryRange(tenant: Tenant | undefined, query: URLSearchParams): unknown {
  const wanted = selector(query.get('query') ?? '')
  const nowNs = BigInt(Date.now()) * 1_000_000n
  const endNs = instant(query.get('end')) ?? nowNs
  const startNs = instant(query.get('start')) ?? endNs - HOUR_NS
  const limit = Number(query.get('limit') ?? 100)
  const backward = (query.get('direction') ?? 'backward') === 'backward'
  const rows = [...(tenant?.streams.values() ?? [])]
    .filter(wanted)
    .flatMap((stream) => stream.entries.map((entry) => ({ stream, entry })))
    .filter(({ entry }) => entry.timestampNs >= startNs && entry.timestampNs < endNs)
    .sort((a, b) => Number(a.entry.timestampNs - b.entry.timestampNs) * (backward ? -1 : 1))
    .slice(0, limit)

  const result = new Map<string, { stream: Record<string, string>; values: [string, string][] }>()
  for (const { stream, entry } of rows) {
    // Structured metadata comes back among the labels.
    const labels = { ...record(stream.labels), ...entry.metadata }
    const key = JSON.stringify(Object.entries(labels).sort())
    const group = result.get(key) ?? { stream: labels, values: [] }
    group.values.push([String(entry.timestampNs), entry.line])
    result.set(key, group)
  }
  return { status: 'success', data: { resultType: 'streams', result: [...result.values()], stats: {} } }
}

/** `/loki/api/v1/labels`, or the values of one label. */
export function labelValues(tenant: Tenant | undefined, name?: string): unknown {
  const found = new Set<string>()
  for (const { labels } of tenant?.streams.values() ?? []) {
    for (const label of labels) {
      if (name === undefined) found.add(label.name)
      else if (label.name === name) found.add(label.value)
    }
  }
  return { status: 'success', data: [...found].sort() }
}

const HOUR_NS = 3_600_000_000_000n
const MATCHER = /\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*(,|$)/y

function selector(query: string): (stream: IngesterStream) => boolean {
  const inner = /^\s*\{(.*)\}\s*$/s.exec(query)?.[1]
  if (inner === undefined)
    throw badRequest('parse error at line 1, col 1: syntax error: this stand-in reads stream selectors only')
  const matchers: ((labels: Readonly<Record<string, string>>) => boolean)[] = []
  let selective = false
  let at = 0
  while (at < inner.length) {
    MATCHER.lastIndex = at
    const [whole, name = '', operator = '', quoted = ''] = MATCHER.exec(inner) ?? []
    if (whole === undefined)
      throw badRequest(`parse error at line 1, col ${at + 2}: syntax error: unexpected IDENTIFIER`)
    at += whole.length
    const value = quoted.startsWith('`') ? quoted.slice(1, -1) : (JSON.parse(quoted) as string)
    const pattern = operator.endsWith('~') ? new RegExp(`^(?:${value})$`, 's') : undefined
    const matches = (text: string): boolean =>
      (pattern ? pattern.test(text) : text === value) !== operator.startsWith('!')
    selective ||= !operator.startsWith('!') && !matches('')
    matchers.push((labels) => matches(labels[name] ?? ''))
  }
  if (!selective)
    throw badRequest(
      'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will',
    )
  return ({ labels }) => {
    const named = record(labels)
    return matchers.every((matches) => matches(named))
  }
}

/** Nanoseconds, seconds with a fraction, or RFC 3339. */
function instant(text: string | null): bigint | undefined {
  if (text === null || text === '') return undefined
  if (/^\d+$/.test(text)) return text.length <= 10 ? BigInt(text) * 1_000_000_000n : BigInt(text)
  if (/^\d+\.\d+$/.test(text)) return BigInt(Math.round(Number(text) * 1000)) * 1_000_000n
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw badRequest(`could not parse '${text}' as a timestamp`)
  return BigInt(ms) * 1_000_000n
}

const record = (labels: readonly Label[]): Record<string, string> =>
  Object.fromEntries(labels.map(({ name, value }) => [name, value]))
