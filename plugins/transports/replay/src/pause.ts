import { setTimeout as delay } from 'node:timers/promises'

/** Waits, but not beyond the signal's end. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined)
}

/** Waits for a promise, but not beyond the signal's end, and leaves nothing behind on the signal. */
export async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const aborted = Promise.withResolvers<void>()
  const resolve = () => aborted.resolve()
  signal.addEventListener('abort', resolve)
  await Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', resolve))
}
