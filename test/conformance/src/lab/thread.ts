/** A thread with a plugin of its own, that tells what the plugin left once it was stopped. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Definition, Signal } from '@smart-gateway/sdk'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { Host } from '../host/host.ts'
import { importDefinition } from '../subject/definition.ts'
import { openGeneration } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { readPackage } from '../subject/plugin-package.ts'
import { picture } from '../subject/process-picture.ts'
import { Traces } from '../subject/traces.ts'
import { SIGNALS, crossed, markedBatch, recurringBatch } from '../work/batches.ts'
import { crossing } from '../work/crossing.ts'
import { exercise } from '../work/exercise.ts'
import { writeWell } from '../work/write.ts'
import { heapOver, heapOverWrites } from './heap.ts'
import type { Heap } from './heap.ts'
import { PASSING, WRITES } from './in-thread.ts'
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
  let heap: Heap = { cycles: 0, growth: 0 }
  if (task.scenario === 'work') said = await traces.run(once)
  const forget = (): void => void (host.lines.length = 0)
  if (task.scenario === 'cycle') heap = await heapOver(() => traces.run(once), forget)
  if (task.scenario === 'pass') heap = await traces.run(() => passed(definition, forget))
  if (task.scenario === 'write') heap = await written(definition, task.signals, forget)
  return { left: await traces.settled(), changed: before(), said: said.map(crossing), ...heap }
}

/** Gives a filter batches, of none of which anybody else keeps anything. */
async function passed(definition: Definition, forget: () => void): Promise<Heap> {
  const opened = await openGeneration(definition, host, { instance: 'passed', generation: 1 }, options)
  const pass = async (): Promise<void> => {
    for (const signal of SIGNALS) opened.session.apply!(markedBatch(signal, PASSING.length, random).batch)
  }
  try {
    return await heapOver(pass, forget, PASSING.rounds)
  } finally {
    await opened.close()
  }
}

/** Lets it write batches of all these signals. Nothing is traced: that would keep each of its timers. */
async function written(
  definition: Definition,
  signals: readonly Signal[],
  forget: () => void,
): Promise<Heap> {
  const owner = { instance: 'threaded', generation: ++generations }
  const { session, loan, close } = await openGeneration(definition, host, owner, options)
  loan.activate()
  let count = 0
  try {
    return await heapOverWrites(async () => {
      const batch = recurringBatch(signals[count++ % signals.length]!, WRITES.batch, random)
      await writeWell(session, crossed(batch), 'again and again')
    }, forget)
  } finally {
    await close()
  }
}
