import { readdirSync } from 'node:fs'
import { setPriority } from 'node:os'

/**
 * Calls something that starts threads, and gives them a lower priority from their first moment on: where the processor is short, what is
 * on its way through the gateway goes first. `nice` is how far they step back, 0 to 19, as `nice(2)` has it. Linux alone gives each thread
 * a priority of its own; elsewhere, or where it is forbidden, they are as urgent as all others.
 */
export function steppingBack<T>(nice: number, start: () => T): T {
  const before = threads()
  const started = start()
  for (const thread of threads()) if (!before.has(thread)) lower(thread, nice)
  return started
}

/** The threads of this process by their number, as the kernel has it; none where it does not tell. */
function threads(): ReadonlySet<number> {
  if (process.platform !== 'linux') return new Set()
  try {
    return new Set(readdirSync('/proc/self/task').map(Number))
  } catch {
    return new Set()
  }
}

function lower(thread: number, nice: number): void {
  try {
    setPriority(thread, nice)
  } catch {
    // It is forbidden, or the thread is over.
  }
}
