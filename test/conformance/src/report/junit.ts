import { nameOf, profileOf, silenceOf } from './report.ts'
import type { Outcome, Report } from './report.ts'

/** A run as JUnit XML: a SHOULD that fails is told in `system-out`, it breaks no build. */
export function junit(report: Report): string {
  const { plugin, seed, ms, outcomes, counts } = report
  const attributes = attributesOf({
    name: `${plugin.name} (${profileOf(report)}, seed ${seed})`,
    tests: outcomes.length,
    failures: counts.mustFailed,
    skipped: outcomes.filter(({ result }) => silenceOf(result) !== undefined).length,
    time: (ms / 1000).toFixed(3),
  })
  const properties = Object.entries(counts).map(
    ([name, value]) => `<property${attributesOf({ name, value })}/>`,
  )
  const cases = outcomes.map((outcome) => caseOf(outcome, plugin.name))
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n<testsuite${attributes}>\n<properties>${properties.join('')}</properties>\n${cases.join('\n')}\n</testsuite>\n</testsuites>\n`
}

function caseOf(outcome: Outcome, classname: string): string {
  const { level, clauses, ms, result } = outcome
  const head = `<testcase${attributesOf({ name: nameOf(outcome), classname, time: (ms / 1000).toFixed(3) })}`
  if (result.status === 'passed') return `${head}/>`
  if (result.status !== 'failed')
    return `${head}><skipped${attributesOf({ message: silenceOf(result) })}/></testcase>`
  const { did, saw, hint } = result.finding
  const asked = clauses.map(({ number, sentence }) => `clause: ${number}: ${sentence}\n`).join('')
  const text = `${asked}done: ${did}\nseen: ${saw}\nhint: ${hint}`
  return level === 'must'
    ? `${head}><failure${attributesOf({ message: saw })}>${escape(text)}</failure></testcase>`
    : `${head}><system-out>${escape(text)}</system-out></testcase>`
}

function attributesOf(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('')
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escape(text: string): string {
  // What XML cannot hold at all is left out.
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!).replaceAll(/[^\P{Cc}\t\n\r]/gu, '')
}
