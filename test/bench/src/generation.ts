/** What one generation of a decoder takes: time to boot, and memory. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ISOLATIONS, startDecoders } from './decoders.ts'
import type { Isolation } from './decoders.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'

const SWAPS = 40
const LIVE = 8
const KIB = 1024
const MIB = KIB * KIB

export async function generationFigures(): Promise<readonly Figure[]> {
  return [await workerMemory(), await inlineMemory(), ...(await bootTimes())]
}

/** Generations that live at the same time, each in a thread of its own, beside a gateway that has loaded all of itself before. */
async function workerMemory(): Promise<Figure> {
  const other = await startDecoders({ decoder: 'worker' })
  await other.gateway.swap('decoder')
  const before = memory()
  const names = Array.from({ length: LIVE }, (_, i) => [`decoder-${i}`, 'worker'] as const)
  const { gateway } = await startDecoders(Object.fromEntries(names))
  const after = memory()
  await gateway.stop()
  await other.gateway.stop()
  return {
    name: 'resident memory of a generation in a worker',
    value: (after.rss - before.rss) / LIVE / MIB,
    unit: 'MiB',
    detail: `${LIVE} at once; of the main thread's heap each takes ${((after.heapUsed - before.heapUsed) / LIVE / KIB).toFixed(0)} KiB, its input, its series and a share of a gateway included`,
  }
}

/** Node never forgets what an inline generation has loaded. */
async function inlineMemory(): Promise<Figure> {
  const { gateway } = await startDecoders({ decoder: 'inline' })
  for (let i = 0; i < 5; i++) await gateway.swap('decoder')
  const before = memory()
  for (let i = 0; i < SWAPS; i++) await gateway.swap('decoder')
  const after = memory()
  await gateway.stop()
  const stays = (after.heapUsed - before.heapUsed) / SWAPS
  return {
    name: 'heap that stays of a generation that ran inline',
    value: stays / KIB,
    unit: 'KiB',
    detail: `heap after GC ${(before.heapUsed / MIB).toFixed(1)} -> ${(after.heapUsed / MIB).toFixed(1)} MiB over ${SWAPS} swaps of a decoder and what it imports; RSS ${((after.rss - before.rss) / SWAPS / KIB).toFixed(0)} KiB each`,
  }
}

async function bootTimes(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const isolation of ISOLATIONS) {
    const bootMs = await bootsOf(isolation)
    figures.push({
      name: `boot of a generation, ${isolation}`,
      value: median(bootMs),
      unit: 'ms',
      detail: `wall ms ${spread(bootMs)} over ${SWAPS} swaps of a decoder, from its code being in its folder to its session being open`,
    })
  }
  return figures
}

async function bootsOf(isolation: Isolation): Promise<readonly number[]> {
  const { gateway, stateFolder } = await startDecoders({ decoder: isolation })
  const bootMs: number[] = []
  for (let i = 0; i < SWAPS; i++) {
    const { generation } = await gateway.swap('decoder')
    const { address } = gateway.registry.view().find(({ name }) => name === 'decoder')!
    const about = join(stateFolder, 'generations/decoder', String(generation), 'generation.json')
    const { placed } = JSON.parse(readFileSync(about, 'utf8')) as { placed: string }
    bootMs.push(Number(address) - Date.parse(placed))
  }
  await gateway.stop()
  return bootMs
}

function memory(): NodeJS.MemoryUsage {
  globalThis.gc!()
  globalThis.gc!()
  return process.memoryUsage()
}
