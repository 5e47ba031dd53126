import { styleText } from 'node:util'
import { count, nameOf } from './report.ts'
import type { Outcome, Report } from './report.ts'

const MARKS = { passed: '✓', failed: '✗', 'not-run': '–', skipped: '↓' } as const
const COLOURS = { passed: 'green', failed: 'red', 'not-run': 'gray', skipped: 'yellow' } as const

/** One line as soon as a check has ended, more where it failed. */
export function line(outcome: Outcome): string {
  const { level, clauses, ms, result } = outcome
  const mark = styleText(COLOURS[result.status], MARKS[result.status])
  const head = `${mark} ${nameOf(outcome)}${level === 'must' ? '' : ` (${level})`}`
  if (result.status === 'passed') {
    const notes = result.notes.map((note) => `\n    ${note}`).join('')
    return `${head} ${styleText('gray', `${Math.round(ms)} ms`)}${notes}`
  }
  if (result.status === 'skipped') return `${head}: skipped by its author: ${result.reason}`
  if (result.status === 'not-run') return styleText('gray', `${head}: not run: ${result.reason}`)
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
  const { plugin, profile, seed, ms, conforms } = report
  const verdict = conforms ? styleText('green', 'conforms') : styleText('red', 'does not conform')
  const counts = [
    `${count(report, 'passed')} passed`,
    `${count(report, 'failed', 'must')} MUST failed`,
    `${count(report, 'failed', 'should')} SHOULD failed`,
    `${count(report, 'not-run')} not run`,
    `${count(report, 'skipped')} skipped`,
  ].join(', ')
  return [
    `${plugin.name} ${plugin.version} (${plugin.kind}, ${profile} profile) ${verdict}: ${counts}`,
    `seed ${seed}, ${(ms / 1000).toFixed(1)} s`,
  ].join('\n')
}
