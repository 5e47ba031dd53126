/** A thread with a plugin of its own, that tells what the plugin left once it was stopped. */
import { parentPort, workerData } from 'node:worker_threads'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { Host } from '../host/host.ts'
import { importDefinition } from '../subject/definition.ts'
import { collectGarbage } from '../subject/garbage.ts'
import { openGeneration } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { readPackage } from '../subject/plugin-package.ts'
import { picture } from '../subject/process-picture.ts'
import { Traces } from '../subject/traces.ts'
import { crossing } from '../work/crossing.ts'
import { exercise } from '../work/exercise.ts'
import type { ThreadData, ThreadNote } from './in-thread.ts'

const { task, folder, scratch, options, subscription, seed } = workerData as ThreadData
const before = picture()
const traces = new Traces()
const host = new Host(scratch)
const random = seededRandom(seed)
let generations = 0

parentPort!.postMessage(
  await work().catch((error: unknown): ThreadNote => {
    const { code } = error as { code?: unknown }
    const failed = { message: messageOf(error), ...(typeof code === 'string' && { code }) }
    return { left: [], changed: [], said: [], growth: 0, failed }
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
  let growth = 0
  if (task.scenario === 'work') said = await traces.run(once)
  if (task.scenario === 'cycle') growth = await growthOf(() => traces.run(once), task.cycles)
  return { left: await traces.settled(), changed: before(), said: said.map(crossing), growth }
}

/** The slope of the heap over the later half of the cycles: the earlier one fills caches. */
async function growthOf(cycle: () => Promise<unknown>, cycles: number): Promise<number> {
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
  const half = Math.floor(cycles / 2)
  for (let i = 0; i < half; i++) await cycle()
  host.lines.length = 0
  const middle = await used()
  for (let i = half; i < cycles; i++) await cycle()
  host.lines.length = 0
  return ((await used()) - middle) / (cycles - half)
}
