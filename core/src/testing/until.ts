import { setTimeout as delay } from 'node:timers/promises'

/** Waits until a condition holds and returns what it gave; throws after the deadline with what was waited for. */
export async function until<T>(what: string, condition: () => T | Promise<T>, deadlineMs = 8000): Promise<T> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const found = await condition()
    if (found !== false && found !== undefined && found !== null) return found
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`)
    await delay(5)
  }
}
