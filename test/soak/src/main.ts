/** `npm run soak [-- NAME ...] [--seed N] [--full]`: plays the scenarios whose names hold one of the words, all without. */
import { parseArgs } from 'node:util'
import { startRabbitMq } from '../../e2e/src/peers/rabbitmq.ts'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { play } from './play.ts'
import type { Result } from './play.ts'
import { SCENARIOS } from './scenarios.ts'
import { tableOf } from './table.ts'

/** So many flaws of a scenario are told. */
const SHOWN = 10
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, full: { type: 'boolean', default: false } },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
if (!Number.isSafeInteger(seed)) throw new Error(`--seed is a whole number, not ${values.seed}`)
const wanted = SCENARIOS.filter(
  ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
)
if (wanted.length === 0) throw new Error(`no scenario is called ${positionals.join(' or ')}`)

// What ends this lets go of gateways and brokers all the same.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

console.log(`seed ${seed}`)
const broker = await startRabbitMq()
const results: Result[] = []
try {
  for (const scenario of wanted) {
    const result = await play(scenario, { broker, full: values.full, random: seededRandom(seed) })
    results.push(result)
    console.log(`\n${result.name}`)
    for (const [what, figure] of Object.entries(result.figures)) console.log(`  ${what}: ${figure}`)
    for (const miss of result.misses) console.log(`  TOO SLOW: ${miss}`)
    for (const flaw of result.flaws.slice(0, SHOWN)) console.log(`  FLAW: ${flaw}`)
    if (result.flaws.length > SHOWN) console.log(`  and ${result.flaws.length - SHOWN} more`)
  }
} finally {
  await broker.stop()
}
console.log(`\n${tableOf(results)}\n\nseed ${seed}`)
process.exitCode = results.some(({ flaws, misses }) => flaws.length + misses.length > 0) ? 1 : 0
