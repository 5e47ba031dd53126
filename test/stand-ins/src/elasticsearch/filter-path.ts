/** Reduces an answer to what `filter_path` names: `errors,items.*.error`, with `*` and `**`. */
export function filterPath(answer: unknown, patterns: string): unknown {
  const wanted = patterns.split(',').map((pattern) => pattern.trim().split('.'))
  return keep(answer, wanted) ?? {}
}

function keep(value: unknown, patterns: readonly (readonly string[])[]): unknown {
  if (patterns.some((pattern) => pattern.length === 0)) return value
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    const kept = value.map((item) => keep(item, patterns)).filter((item) => item !== undefined)
    return kept.length > 0 ? kept : undefined
  }
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const kept = keep(
      inner,
      patterns.flatMap((pattern) => below(pattern, key)),
    )
    return kept === undefined ? [] : [[key, kept] as const]
  })
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

function below([head = '', ...rest]: readonly string[], key: string): (readonly string[])[] {
  if (head === '**') return [['**', ...rest], ...below(rest, key)]
  const pattern = new RegExp(
    `^${head
      .split('*')
      .map((part) => part.replace(/[^\w-]/g, String.raw`\$&`))
      .join('.*')}$`,
  )
  return pattern.test(key) ? [rest] : []
}
