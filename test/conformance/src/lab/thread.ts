/** A thread with a plugin of its own, that tells what the plugin left once it was stopped. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Definition } from '@smart-gateway/sdk'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { Host } from '../host/host.ts'
import { importDefinition } from '../subject/definition.ts'
import { collectGarbage } from '../subject/garbage.ts'
import { openGeneration } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { readPackage } from '../subject/plugin-package.ts'
import { picture } from '../subject/process-picture.ts'
import { Traces } from '../subject/traces.ts'
import { SIGNALS, markedBatch } from '../work/batches.ts'
import { crossing } from '../work/crossing.ts'
import { exercise } from '../work/exercise.ts'
import { CYCLES, PASSING } from './in-thread.ts'
import type { ThreadData, ThreadNote, ThreadStray } from './in-thread.ts'

const { task, folder, scratch, options, subscription, seed } = workerData as ThreadData
const tell = (error: unknown): void =>
  parentPort!.postMessage({ stray: messageOf(error) } satisfies ThreadStray, [])
process.on('uncaughtException', tell)
process.on('unhandledRejection', tell)
const before = picture()
const traces = new Traces()
const host = new Host(scratch)
const random = seededRandom(seed)
let generations = 0

parentPort!.postMessage(
  await work().catch((error: unknown): ThreadNote => {
    const { code } = error as { code?: unknown }
    const failed = { message: messageOf(error), ...(typeof code === 'string' && { code }) }
    return { left: [], changed: [], said: [], cycles: 0, growth: 0, failed }
  }),
  [],
)

async function work(): Promise<ThreadNote> {
  const plugin = readPackage(folder)
  const definition = await traces.run(() => importDefinition(plugin))
  const once = async (): Promise<readonly unknown[]> => {
    const owner = { instance: 'threaded', generation: ++generations }
    const opened = await openGeneration(definition, host, owner, options)
    opened.loan.activate()
    try {
      const { session } = opened
      return await exercise({ session, definition, subscription, random, crosses: true })
    } finally {
      await opened.close()
    }
  }
  let said: readonly unknown[] = []
  let heap = { cycles: 0, growth: 0 }
  if (task.scenario === 'work') said = await traces.run(once)
  if (task.scenario === 'cycle') heap = await heapOver(() => traces.run(once))
  if (task.scenario === 'pass') heap = await traces.run(async () => heapOfPassing(definition))
  return { left: await traces.settled(), changed: before(), said: said.map(crossing), ...heap }
}

/** The growth of the heap while a filter is given batches, of none of which anybody else keeps anything. */
async function heapOfPassing(definition: Definition): Promise<{ cycles: number; growth: number }> {
  const opened = await openGeneration(definition, host, { instance: 'passed', generation: 1 }, options)
  try {
    return await heapOver(async () => {
      for (const signal of SIGNALS) opened.session.apply!(markedBatch(signal, PASSING.length, random).batch)
    }, PASSING.rounds)
  } finally {
    await opened.close()
  }
}

/** The growth of the heap over the later half of the cycles: the earlier one fills caches. */
async function heapOver(
  cycle: () => Promise<unknown>,
  rounds: number = CYCLES.rounds,
): Promise<{ cycles: number; growth: number }> {
  // What a stopped session let go of may take a while to end where the machine is busy: the least of a few looks counts.
  const used = async (): Promise<number> => {
    let least = Infinity
    for (let look = 0; look < 3; look++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      collectGarbage()
      const { heapUsed, external } = process.memoryUsage()
      least = Math.min(least, heapUsed + external)
    }
    return least
  }
  // The first one compiles and fills caches; what the second one takes is what each does.
  await cycle()
  const beganMs = performance.now()
  await cycle()
  const cycleMs = performance.now() - beganMs
  if (cycleMs * CYCLES.least > CYCLES.maxMs) return { cycles: 0, growth: 0 }
  const fitting = Math.floor(CYCLES.budgetMs / cycleMs)
  const cycles = Math.max(CYCLES.least, Math.min(CYCLES.most, fitting))
  const half = Math.floor(cycles / 2)
  for (let i = 2; i < half; i++) await cycle()
  host.lines.length = 0
  const middle = await used()
  const growthSince = async (before: number): Promise<number> => {
    for (let i = half; i < cycles; i++) await cycle()
    host.lines.length = 0
    return (await used()) - before
  }
  let growth = await growthSince(middle)
  // What waits for its time to be over, a deadline say, grows less and less; a leak goes on.
  for (let i = 0; i < rounds && growth > CYCLES.mostGrowth; i++)
    growth = Math.min(growth, await growthSince(await used()))
  return { cycles: cycles - half, growth }
}
