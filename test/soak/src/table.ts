import type { Result } from './play.ts'

const HEAD = ['scenario', 'done', 's', 'verdict']

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

function cells({ name, done, seconds, flaws, misses }: Result): readonly string[] {
  const counts = Object.entries(done).map(([what, count]) => `${count} ${what}`)
  const verdict = flaws.length > 0 ? 'FAILED' : misses.length > 0 ? 'too slow' : 'ok'
  return [name, counts.join(', '), seconds.toFixed(1), verdict]
}
