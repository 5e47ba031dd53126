/** `smart-gateway-conformance FOLDER`: exits 0 when the plugin conforms, 1 when it does not, 2 when it cannot be tried. */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { conformance } from '../conformance.ts'
import { badge } from '../report/badge.ts'
import { junit } from '../report/junit.ts'
import { line, summary } from '../report/terminal.ts'

const USAGE = `usage: smart-gateway-conformance FOLDER [--seed N] [--profile core|full]
       [--isolation inline|worker|both] [--peer FILE] [--json FILE] [--junit FILE] [--badge FILE]

Proves the plugin in FOLDER against the contract of the smart gateway. With a conformance.js beside its
package.json that starts a peer the full profile runs, else the core profile.

  --seed N      repeats a run
  --profile     core leaves the peer out; full insists on one
  --isolation   where an input or output runs; left out, checks that differ are tried in both
  --peer FILE   a conformance.js that lies elsewhere
  --json FILE   the report as JSON, --junit as JUnit XML, --badge as an endpoint of shields.io; - is stdout
`

process.exitCode = await main().catch((error: unknown) => {
  console.error((error as Error).message)
  return 2
})

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      profile: { type: 'string' },
      isolation: { type: 'string' },
      peer: { type: 'string' },
      json: { type: 'string' },
      junit: { type: 'string' },
      badge: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [folder] = positionals
  if (values.help === true || folder === undefined || positionals.length > 1) {
    console.log(USAGE)
    return values.help === true ? 0 : 2
  }
  const { seed, profile, isolation, peer } = values
  if (profile !== undefined && profile !== 'core' && profile !== 'full')
    throw new Error('--profile is core or full')
  if (isolation !== undefined && isolation !== 'inline' && isolation !== 'worker' && isolation !== 'both')
    throw new Error('--isolation is inline, worker or both')
  if (seed !== undefined && !/^\d+$/.test(seed)) throw new Error('--seed takes a number')
  // What is asked for on stdout stands there alone.
  const say = [values.json, values.junit, values.badge].includes('-') ? console.error : console.log
  const report = await conformance(folder, {
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(profile !== undefined && { profile }),
    ...(isolation !== undefined && { isolation }),
    ...(peer !== undefined && { author: peer }),
    onOutcome: (outcome) => say(line(outcome)),
  })
  say(`\n${summary(report)}`)
  put(values.json, `${JSON.stringify(report, null, 2)}\n`)
  put(values.junit, junit(report))
  put(values.badge, badge(report))
  return report.conforms ? 0 : 1
}

function put(file: string | undefined, text: string): void {
  if (file === '-') process.stdout.write(text)
  else if (file !== undefined) writeFileSync(file, text)
}
