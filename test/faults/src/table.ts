import type { Result } from './play.ts'

const HEAD = [
  'scenario',
  'generated',
  'stored',
  'duplicates',
  'dead',
  'queued',
  'lines/s',
  'RSS',
  's',
  'verdict',
]

/** The results as a table for people. */
export function tableOf(results: readonly Result[]): string {
  const rows = [HEAD, ...results.map(cells)]
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cells(result: Result): readonly string[] {
  const {
    name,
    skipped,
    generated,
    stored,
    duplicates,
    deadLettered,
    rates,
    mostRssBytes,
    mostQueued,
    seconds,
    flaws,
  } = result
  if (skipped !== undefined) return [name, '', '', '', '', '', '', '', '', `skipped: ${skipped}`]
  return [
    name,
    String(generated),
    perOutput(stored),
    perOutput(duplicates),
    String(deadLettered),
    String(mostQueued),
    rates.join(' -> '),
    `${Math.round(mostRssBytes / 2 ** 20)} MiB`,
    seconds.toFixed(1),
    flaws.length === 0 ? 'ok' : 'FAILED',
  ]
}

function perOutput(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
