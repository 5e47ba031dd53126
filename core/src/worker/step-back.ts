import { readdirSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

const LEAST_URGENT = 19

/**
 * Calls something that starts threads, and lowers their priority as soon as they are there: where the processor is short, what is on its
 * way through the gateway goes first. `steps` is by how much they are less urgent than the caller, as `nice(2)` counts. Linux alone gives
 * each thread a priority of its own; elsewhere, or where it is forbidden, they are as urgent as all others.
 */
export function steppingBack<T>(steps: number, start: () => T): T {
  const before = threads()
  const started = start()
  if (before === undefined) return started
  const nice = Math.min(getPriority() + steps, LEAST_URGENT)
  for (const thread of threads() ?? []) if (!before.has(thread)) lower(thread, nice)
  return started
}

/** The threads of this process by their number, as the kernel has it; undefined where it does not tell. */
function threads(): ReadonlySet<number> | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return new Set(readdirSync('/proc/self/task').map(Number))
  } catch {
    return undefined
  }
}

function lower(thread: number, nice: number): void {
  try {
    setPriority(thread, nice)
  } catch {
    // It is forbidden, or the thread is over.
  }
}
