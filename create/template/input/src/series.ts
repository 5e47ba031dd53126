import type { Series, SeriesTable } from '@smart-gateway/sdk'

/** Finds the series of an element: undefined where its name or its labels cannot be those of one. */
export function seriesFinder(table: SeriesTable, prefix: string) {
  return (name: unknown, labels: unknown): Series | undefined => {
    if (typeof name !== 'string' || name === '' || !areLabels(labels)) return undefined
    // The same series is the same object each time: outputs key their caches on it.
    const key = JSON.stringify([name, labels])
    const known = table.lookup(key) ?? table.intern(key, [make(prefix + name, labels)])
    return known[0]
  }
}

function make(name: string, labels: Readonly<Record<string, string>>): Series {
  return { name, labels: { ...labels }, type: 'gauge', intervalMs: 0 }
}

function areLabels(labels: unknown): labels is Readonly<Record<string, string>> {
  return (
    typeof labels === 'object' &&
    labels !== null &&
    !Array.isArray(labels) &&
    Object.values(labels).every((value) => typeof value === 'string')
  )
}
