import { collectGarbage } from '../subject/garbage.ts'
import { CYCLES, WRITES } from './in-thread.ts'

/** Over how much of what was done the heap grew by how many bytes; `cycles` is 0 where it would have taken too long. */
export interface Heap {
  readonly cycles: number
  readonly growth: number
}

/** The growth of the heap over the later half of the cycles: the earlier one fills caches. */
export async function heapOver(
  cycle: () => Promise<unknown>,
  forget: () => void,
  rounds: number = CYCLES.rounds,
): Promise<Heap> {
  // The first one compiles and fills caches; what the second one takes is what each does.
  await cycle()
  const cycleMs = await timeOf(cycle)
  if (cycleMs * CYCLES.least > CYCLES.maxMs) return { cycles: 0, growth: 0 }
  const fitting = Math.floor(CYCLES.budgetMs / cycleMs)
  const cycles = Math.max(CYCLES.least, Math.min(CYCLES.most, fitting))
  const half = Math.floor(cycles / 2)
  for (let i = 2; i < half; i++) await cycle()
  const later = { work: cycle, count: cycles - half, most: CYCLES.mostGrowth, rounds, forget }
  return { cycles: cycles - half, growth: await growthOf(later) }
}

/** The growth of the heap while batches are written, once as many were written before; the cycles are records. */
export async function heapOverWrites(write: () => Promise<unknown>, forget: () => void): Promise<Heap> {
  await write()
  const count = Math.min(WRITES.most, Math.floor(WRITES.budgetMs / (await timeOf(write))))
  if (count < WRITES.least) return { cycles: 0, growth: 0 }
  for (let i = 0; i < count; i++) await write()
  const records = count * WRITES.batch
  const later = { work: write, count, most: WRITES.mostGrowth * records, rounds: WRITES.rounds, forget }
  return { cycles: records, growth: await growthOf(later) }
}

interface Later {
  readonly work: () => Promise<unknown>
  readonly count: number
  /** Bytes that may be added each time. */
  readonly most: number
  /** How often it is done anew where more were added. */
  readonly rounds: number
  /** Lets go of what was kept for a plugin that is looked at. */
  readonly forget: () => void
}

/** What waits for its time to be over, a deadline say, and what is bounded, grows less and less; a leak goes on. */
async function growthOf({ work, count, most, rounds, forget }: Later): Promise<number> {
  let growth = Infinity
  for (let round = 0; round <= rounds && growth > most; round++) {
    forget()
    const before = await used()
    for (let i = 0; i < count; i++) await work()
    forget()
    growth = Math.min(growth, (await used()) - before)
  }
  return growth
}

/** What a stopped session let go of may take a while to end where the machine is busy: the least of a few looks counts. */
async function used(): Promise<number> {
  let least = Infinity
  for (let look = 0; look < 3; look++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    least = Math.min(least, heapUsed + external)
  }
  return least
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now()
  await work()
  return performance.now() - beganMs
}
