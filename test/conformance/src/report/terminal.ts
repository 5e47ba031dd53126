import { styleText } from 'node:util'
import { nameOf, profileOf, silenceOf } from './report.ts'
import type { Outcome, Report } from './report.ts'

const MARKS = { passed: '✓', failed: '✗', 'not-run': '–', 'not-tried': '?', skipped: '↓' } as const
const COLOURS = {
  passed: 'green',
  failed: 'red',
  'not-run': 'gray',
  'not-tried': 'yellow',
  skipped: 'yellow',
} as const

/** One line as soon as a check has ended, more where it failed. */
export function line(outcome: Outcome): string {
  const { level, clauses, ms, result } = outcome
  const mark = styleText(COLOURS[result.status], MARKS[result.status])
  const head = `${mark} ${nameOf(outcome)}${level === 'must' ? '' : ` (${level})`}`
  if (result.status === 'passed') {
    const notes = result.notes.map((note) => `\n    ${note}`).join('')
    return `${head} ${styleText('gray', `${Math.round(ms)} ms`)}${notes}`
  }
  if (result.status === 'not-run') return styleText('gray', `${head}: ${silenceOf(result)}`)
  if (result.status !== 'failed') return `${head}: ${silenceOf(result)}`
  const { did, saw, hint } = result.finding
  return [
    head,
    ...clauses.map(({ number, sentence }) => `    clause: ${number}: ${sentence}`),
    `    done:   ${did}`,
    `    seen:   ${saw}`,
    `    hint:   ${hint.replaceAll('\n', '\n            ')}`,
  ].join('\n')
}

/** The last lines: what it all means. */
export function summary(report: Report): string {
  const { plugin, seed, ms, counts, conforms } = report
  const verdict = conforms ? styleText('green', 'conforms') : styleText('red', 'does not conform')
  const said = [
    `${counts.passed} passed`,
    `${counts.mustFailed} MUST failed`,
    `${counts.shouldFailed} SHOULD failed`,
    `${counts.mustNotTried} MUST not tried`,
    `${counts.shouldNotTried} SHOULD not tried`,
    `${counts.doNotApply} do not apply`,
    `${counts.skipped} skipped by its author`,
  ].join(', ')
  const failed = report.outcomes.filter(({ result }) => result.status === 'failed')
  return [
    ...(failed.length === 0 ? [] : [`failed: ${failed.map(nameOf).join(', ')}`]),
    `${plugin.name} ${plugin.version} (${plugin.kind}, ${profileOf(report)}) ${verdict}: ${said}`,
    `seed ${seed}, ${(ms / 1000).toFixed(1)} s`,
  ].join('\n')
}
