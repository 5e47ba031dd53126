import { setTimeout as delay } from 'node:timers/promises'
import type { Swap, Swapper } from './swapper.ts'

/** A stretch of time in which something was swapped, or nothing. */
export interface Window {
  readonly fromMs: number
  readonly toMs: number
}

/** A run in turns: two windows of peace, which differ by noise alone, then windows with a swap each second. */
export interface Phases {
  readonly first: readonly Window[]
  readonly second: readonly Window[]
  readonly swapping: readonly Window[]
}

export const WINDOW_MS = 2000
const PERIOD_MS = 1000
/** Windows with swaps in a turn. */
const SWAPPING = 5

/** Goes on until so much time was spent with swaps. */
export async function playPhases(swapper: Swapper, swappingMs: number): Promise<Phases> {
  const [first, second, swapping]: [Window[], Window[], Window[]] = [[], [], []]
  while (swapping.length * WINDOW_MS < swappingMs) {
    for (const peace of [first, second]) peace.push(await windowOf(() => delay(WINDOW_MS)))
    for (let i = 0; i < SWAPPING; i++) swapping.push(await windowOf(() => swapWindow(swapper)))
  }
  return { first, second, swapping }
}

async function swapWindow(swapper: Swapper): Promise<void> {
  for (let i = 0; i < WINDOW_MS / PERIOD_MS; i++) {
    const next = delay(PERIOD_MS)
    await swapper.next()
    await next
  }
}

async function windowOf(work: () => Promise<unknown>): Promise<Window> {
  const fromMs = performance.timeOrigin + performance.now()
  await work()
  return { fromMs, toMs: performance.timeOrigin + performance.now() }
}

/** How long the messages took that were published in one of the windows. Both are in the order of time. */
export function tookIn(
  windows: readonly Window[],
  { publishedMs, tookMs }: { readonly publishedMs: Float64Array; readonly tookMs: Float64Array },
): number[] {
  const found: number[] = []
  let at = 0
  for (const { fromMs, toMs } of windows) {
    while (at < publishedMs.length && publishedMs[at]! < fromMs) at++
    for (; at < publishedMs.length && publishedMs[at]! < toMs; at++) found.push(tookMs[at]!)
  }
  return found
}

/** The stretches in which a message may have met a swap. */
export function around(swaps: readonly Swap[], marginMs: number): readonly Window[] {
  return swaps.map(({ startMs, endMs }) => ({ fromMs: startMs - marginMs, toMs: endMs + marginMs }))
}
