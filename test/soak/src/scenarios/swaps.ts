import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startGateway } from '../../../e2e/src/gateway-process.ts'
import type { Balance } from '../balance.ts'
import { declare, startGenerator } from '../generator.ts'
import { playTurns } from '../phases.ts'
import { COLLECTD, LEDGER, writeVersions } from '../plugin-versions.ts'
import { restOf } from '../rest.ts'
import type { Scenario } from '../scenario.ts'
import { strayChanges } from '../stray-changes.ts'
import { swapFigures } from '../swap-figures.ts'
import { makeSwapper, TOKEN } from '../swapper.ts'
import type { Swapped } from '../swapper.ts'

const PER_SECOND = 10_000
const PER_SECOND_BESIDE = 1000
const WARM_UP_MS = 3000
/** Less than this share of the rate is not the rate. */
const RATE_SHARE = 0.98
/** The 99th percentile of messages around a swap may be so much above that of others. */
const ADDED_MS = 50
/** Where two windows of peace differ by more than this, others use the machine, and what a swap adds cannot be told. */
const NOISE_MS = 25

/** An input and an output are swapped in turn under a stream from RabbitMQ, beside an input and an output that are not. */
export const swaps = (isolation: 'inline' | 'worker'): Scenario => ({
  name: `swaps ${isolation}`,
  async play({ broker, full }) {
    const queue = `soak-${process.pid}-${isolation}`
    await declare(broker.url, queue, `${queue}-beside`)
    const instances: Swapped[] = []
    const before = (folder: string): void => {
      instances.push(
        { instance: 'input', versions: writeVersions(COLLECTD, folder, 'input') },
        { instance: 'output', versions: writeVersions(LEDGER, folder, 'output') },
      )
    }
    const gateway = await startGateway(startupOf(broker.url, queue, isolation), {}, { before, token: TOKEN })
    try {
      await gateway.ready()
      const swapper = makeSwapper(gateway, instances)
      const generator = await startGenerator(broker.url, queue, PER_SECOND)
      const generatorBeside = await startGenerator(broker.url, `${queue}-beside`, PER_SECOND_BESIDE)
      await delay(WARM_UP_MS)
      const turns = await playTurns(swapper, full ? 300_000 : 20_000)
      const [sent, sentBeside] = await Promise.all([generator.stop(), generatorBeside.stop()])
      const at = (name: string): string => join(gateway.folder, `${name}.ledger`)
      const own = await restOf(gateway, 'the swapped instances', at('swapped'), sent)
      const neighbours = await restOf(gateway, 'the neighbours', at('beside'), sentBeside)
      const [stored, beside] = [own.balance, neighbours.balance]
      const flaws = [...swapper.flaws, ...own.flaws, ...neighbours.flaws]
      flaws.push(...(await strayChanges(gateway)))
      for (const name of ['input-beside', 'output-beside']) {
        const { generation } = await gateway.instance(name)
        if (generation !== 1) flaws.push(`${name} was touched: it has generation ${generation}`)
      }
      const {
        figures,
        addedMs,
        noiseMs,
        neighbours: others,
      } = swapFigures(turns, swapper.swaps, stored, beside)
      const rate = rateOf(stored)
      return {
        done: { swaps: swapper.swaps.length, messages: sent, 'messages beside': sentBeside },
        figures: {
          ledger: `${stored.lost} of ${sent} lost, ${stored.duplicates} duplicates; beside ${beside.lost} of ${sentBeside} lost, ${beside.duplicates} duplicates`,
          rate: `${rate.toFixed(0)} messages a second to the store, ${rateOf(beside).toFixed(0)} beside`,
          ...figures,
          ...(noiseMs > NOISE_MS && { 'no verdict on waits': 'the machine is too noisy' }),
        },
        flaws,
        misses: [
          ...(rate < PER_SECOND * RATE_SHARE
            ? [`${rate.toFixed(0)} messages a second, not ${PER_SECOND}`]
            : []),
          ...(addedMs > ADDED_MS && noiseMs <= NOISE_MS
            ? [`messages around a swap take ${addedMs.toFixed(1)} ms longer at p99, more than ${ADDED_MS}`]
            : []),
          // A few turns are too few to know the noise.
          ...(full && others.addedMs > others.noiseMs
            ? [
                `the neighbours' p99 is ${others.addedMs.toFixed(1)} ms higher, two windows of peace differ by ${others.noiseMs.toFixed(1)}`,
              ]
            : []),
        ],
      }
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${gateway.stderr().slice(-2000)}`, { cause: error })
    } finally {
      await gateway.remove()
    }
  },
})

/** Messages a second from the first that was published to the last that was stored. */
function rateOf({ publishedMs, tookMs }: Balance): number {
  let lastMs = 0
  for (const [i, ms] of publishedMs.entries()) lastMs = Math.max(lastMs, ms + tookMs[i]!)
  return (publishedMs.length / (lastMs - publishedMs[0]!)) * 1000
}

function startupOf(url: string, queue: string, isolation: string): string {
  return `
transports:
  bus: { plugin: amqp, options: { url: "${url}" } }
inputs:
  input: { plugin: ./input-1, isolation: ${isolation}, from: { transport: bus, queue: ${queue}, prefetch: 1000 } }
  input-beside: { plugin: collectd, from: { transport: bus, queue: ${queue}-beside, prefetch: 1000 } }
outputs:
  output: { plugin: ./output-1, isolation: ${isolation}, from: [input], options: { path: ./swapped.ledger } }
  output-beside: { plugin: ${LEDGER}, isolation: inline, from: [input-beside], options: { path: ./beside.ledger } }
`
}
