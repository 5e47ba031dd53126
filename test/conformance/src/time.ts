import { setTimeout as delay } from 'node:timers/promises'

/**
 * How long the suite waits for a plugin. They are upper bounds: a plugin that does as it should is not waited for.
 * Where a clause says how long something may take, that is how long it is waited for.
 */
export const PATIENCE = {
  /**
   * What clauses grant to open, subscribe, start, exportState and what follows it. The variable is for the suite's own
   * tests, which have plugins that hang there: a report that was made with it is none.
   */
  grantMs: Number(process.env['CONFORMANCE_OWN_TEST_GRANT_MS'] ?? 30_000),
  /** What clause L-8 grants to a stop; then the host aborts the signal. */
  graceMs: 5000,
  /** A step that needs no more than the plugin itself and a peer on this machine. */
  stepMs: 3000,
  /** What is left to end by itself after a stop; Node's own `fetch` keeps a connection for 4 s. */
  settleMs: 6000,
  /** From the abort of the signal until nothing is waited for any more. */
  leaveMs: 1500,
  /** A check as a whole, waits that may be longer than a step not counted; then its process is ended. */
  checkMs: 12_000,
} as const

/** Told before each wait that may be longer than a step, with its upper bound, and again once it is over. */
let onWait: (ms: number | undefined) => void = () => undefined

/** Names who measures how long a check takes: one in its process. */
export function tellOfWaits(listener: typeof onWait): void {
  onWait = listener
}

/** How a piece of work ended. */
export type Ending<T> =
  | { readonly how: 'resolved'; readonly value: T }
  | { readonly how: 'rejected'; readonly error: unknown }
  | { readonly how: 'pending' }

/** Waits for work, but not for ever; never rejects. */
export async function ending<T>(
  work: () => T | PromiseLike<T>,
  ms: number = PATIENCE.stepMs,
): Promise<Ending<T>> {
  const over = new AbortController()
  const done = (async (): Promise<Ending<T>> => ({ how: 'resolved', value: await work() }))().catch(
    (error: unknown): Ending<T> => ({ how: 'rejected', error }),
  )
  const late = delay(ms, { how: 'pending' } as const, { signal: over.signal })
  late.catch(() => undefined)
  if (ms > PATIENCE.stepMs) onWait(ms)
  const first = await Promise.race([done, late])
  if (ms > PATIENCE.stepMs) onWait(undefined)
  over.abort()
  return first
}

/** Waits until a condition holds; false when it does not within the time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  ms: number = PATIENCE.stepMs,
): Promise<boolean> {
  const endMs = performance.now() + ms
  if (ms > PATIENCE.stepMs) onWait(ms)
  try {
    for (;;) {
      if (await condition()) return true
      if (performance.now() > endMs) return false
      await delay(5)
    }
  } finally {
    if (ms > PATIENCE.stepMs) onWait(undefined)
  }
}

/** Lets everything run that waits for nothing. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

// Of this thread where Node can tell: what other processes do to the clock is left out.
const { threadCpuUsage = process.cpuUsage } = process

/** The processor's time that was spent so far; what it grew by is what work took, however busy the machine was. */
export function cpuMs(): number {
  const { user, system } = threadCpuUsage.call(process)
  return (user + system) / 1000
}

/** The first one, and the others as long as there is time: with a store that is disturbed each may take its own. */
export function* inTime<T>(items: Iterable<T>, ms = 3000): Generator<T> {
  const endMs = performance.now() + ms
  let isFirst = true
  for (const item of items) {
    if (!isFirst && performance.now() > endMs) return
    isFirst = false
    yield item
  }
}
