import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startGateway } from '../../../e2e/src/gateway-process.ts'
import type { GatewayProcess } from '../../../e2e/src/gateway-process.ts'
import { accountOf } from '../account.ts'
import { declare, startGenerator } from '../generator.ts'
import { askMemory, tellingMemory } from '../memory-report.ts'
import type { MemoryReport } from '../memory-report.ts'
import { metricsOf } from '../metrics.ts'
import { COLLECTD, LEDGER, writeVersions } from '../plugin-versions.ts'
import { restOf } from '../rest.ts'
import type { Scenario } from '../scenario.ts'
import { slopeOf } from '../slope.ts'
import type { Slope } from '../slope.ts'
import { strayChanges } from '../stray-changes.ts'
import { makeSwapper, TOKEN } from '../swapper.ts'
import type { Swapped } from '../swapper.ts'

const PER_SECOND = 200
const PAUSE_MS = 50
/** Between two looks at the memory; even, so that each instance was swapped as often. */
const LOOK_SWAPS = 4
const KIB = 1024

/**
 * Up to the first of the swaps memory may grow, from there to the last one it may not by more than this a swap. Node's compiler is at
 * work for longer: what swaps run becomes hot one function after the other, measured at 1.5 KiB of heap a swap.
 */
const LONG = { from: 200, to: 500, heapBytes: 2 * KIB, rssBytes: 16 * KIB }
/** So few swaps tell no more than that generations go: one that stays is more than ten times that. */
const SHORT = { from: 20, to: 60, heapBytes: 50 * KIB, rssBytes: 500 * KIB }

/** An input and an output are swapped in turn, often, under light load: what is replaced leaves nothing behind, where Node can forget it. */
export const memory = (isolation: 'inline' | 'worker'): Scenario => ({
  name: `memory ${isolation}`,
  async play({ broker, full }) {
    const { from, to, ...allowed } = full ? LONG : SHORT
    const queue = `soak-${process.pid}-memory-${isolation}`
    await declare(broker.url, queue)
    const instances: Swapped[] = []
    const before = (folder: string): void => {
      instances.push(
        { instance: 'input', versions: writeVersions(COLLECTD, folder, 'input') },
        { instance: 'output', versions: writeVersions(LEDGER, folder, 'output') },
      )
    }
    const home = mkdtempSync(join(tmpdir(), 'soak-'))
    const socket = join(home, 'memory.sock')
    const setting = { before, token: TOKEN }
    const gateway = await startGateway(
      startupOf(broker.url, queue, isolation),
      tellingMemory(socket),
      setting,
    )
    try {
      await gateway.ready()
      const swapper = makeSwapper(gateway, instances)
      const generator = await startGenerator(broker.url, queue, PER_SECOND)
      const looks: (readonly [number, MemoryReport])[] = []
      let first: ReadonlySet<string> | undefined
      for (let made = 1; made <= to; made++) {
        await swapper.next()
        await delay(PAUSE_MS)
        if (made === from) first = await seriesOf(gateway)
        if (made >= from && made % LOOK_SWAPS === 0) looks.push([made, await askMemory(socket)])
      }
      const left = [...(await seriesOf(gateway))].filter((line) => !first!.has(line))
      const sent = await generator.stop()
      const ledger = join(gateway.folder, 'swapped.ledger')
      const { balance, flaws } = await restOf(gateway, 'the swapped instances', ledger, sent)
      const heap = slopeOf(looks.map(([made, { heapBytes }]) => [made, heapBytes]))
      const rss = slopeOf(looks.map(([made, { rssBytes }]) => [made, rssBytes]))
      const [begin, end] = [looks[0]![1], looks.at(-1)![1]]
      return {
        done: { swaps: swapper.swaps.length, looks: looks.length, messages: sent },
        figures: {
          ledger: `${balance.lost} of ${sent} lost, ${balance.duplicates} duplicates`,
          'heap after GC': `${mib(begin.heapBytes)} MiB after ${from} swaps, ${mib(end.heapBytes)} after ${to}: ${inWords(heap)}`,
          RSS: `${mib(begin.rssBytes)} MiB after ${from} swaps, ${mib(end.rssBytes)} after ${to}: ${inWords(rss)}`,
        },
        flaws: [
          ...swapper.flaws,
          ...flaws,
          ...(await accountOf(gateway)).flaws,
          ...(await strayChanges(gateway)),
          ...left.map((line) => `a series that was not there ${to - from} swaps before: ${line}`),
          ...(isolation === 'worker' && grows(heap, allowed.heapBytes)
            ? [`the heap grows: ${inWords(heap)}`]
            : []),
          ...(isolation === 'worker' && grows(rss, allowed.rssBytes) ? [`RSS grows: ${inWords(rss)}`] : []),
        ],
        misses: [],
      }
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${gateway.stderr().slice(-2000)}`, { cause: error })
    } finally {
      await gateway.remove()
      rmSync(home, { recursive: true, force: true })
    }
  },
})

/** The lines of the gateway's own metrics, without their values; but for those that come and go with what is under way. */
async function seriesOf(gateway: GatewayProcess): Promise<ReadonlySet<string>> {
  const lines = (await metricsOf(gateway)).map(([line]) => line)
  return new Set(lines.filter((line) => /^smart_gateway_(?!\w+_in_flight)/.test(line)))
}

/** Whether a line rises by more than is allowed, and not by chance. */
function grows({ perStep, error }: Slope, allowedBytes: number): boolean {
  return perStep - 2 * error > allowedBytes
}

function inWords({ perStep, error }: Slope): string {
  return `${(perStep / KIB).toFixed(1)} ± ${(error / KIB).toFixed(1)} KiB a swap`
}

function mib(bytes: number): string {
  return (bytes / KIB / KIB).toFixed(1)
}

function startupOf(url: string, queue: string, isolation: string): string {
  return `
transports:
  bus: { plugin: amqp, options: { url: "${url}" } }
inputs:
  input: { plugin: ./input-1, isolation: ${isolation}, from: { transport: bus, queue: ${queue} } }
outputs:
  output: { plugin: ./output-1, isolation: ${isolation}, options: { path: ./swapped.ledger } }
`
}
