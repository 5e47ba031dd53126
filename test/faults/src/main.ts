/** `npm run test:faults [-- NAME ...] [--seed N] [--full]`: plays the scenarios whose names hold one of the words, all without. */
import { parseArgs } from 'node:util'
import { startRabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { play } from './play.ts'
import type { Result } from './play.ts'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { FULL, SHORT } from './scenarios.ts'
import { tableOf } from './table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, full: { type: 'boolean', default: false } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
if (!Number.isSafeInteger(seed)) throw new Error(`--seed is a whole number, not ${values.seed}`)
const { full } = values
const wanted = (full || positionals.length > 0 ? FULL : SHORT).filter(
  ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
)
if (wanted.length === 0) throw new Error(`no scenario is called ${positionals.join(' or ')}`)

// What ends this lets go of gateways, brokers and disks all the same.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

console.log(`seed ${seed}`)
const broker = await startRabbitMq()
const results: Result[] = []
try {
  for (const scenario of wanted) {
    const result = await play(scenario, { broker, full, random: seededRandom(seed) })
    results.push(result)
    const { name, skipped, done, flaws } = result
    console.log(`\n${name}: ${skipped ?? JSON.stringify(done)}`)
    for (const flaw of flaws) console.log(`  FLAW: ${flaw}`)
  }
} finally {
  await broker.stop()
}
console.log(`\n${tableOf(results)}\n\nseed ${seed}`)
process.exitCode =
  results.some(({ flaws }) => flaws.length > 0) || results.every(({ skipped }) => skipped) ? 1 : 0
