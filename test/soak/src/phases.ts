import { setTimeout as delay } from 'node:timers/promises'
import type { Balance } from './balance.ts'
import type { Swapper } from './swapper.ts'

/** A stretch of time. */
export interface Window {
  readonly fromMs: number
  readonly toMs: number
}

/** Two windows of peace, which differ by noise alone, then windows with a swap each second. */
export interface Turn {
  readonly peace: readonly [Window, Window]
  readonly swapping: readonly Window[]
}

const WINDOW_MS = 2000
const PERIOD_MS = 1000
/** Windows with swaps in a turn. */
const SWAPPING = 5

/** Plays turns until so much time was spent with swaps. */
export async function playTurns(swapper: Swapper, swappingMs: number): Promise<readonly Turn[]> {
  const turns: Turn[] = []
  const peace = (): Promise<Window> => windowOf(() => delay(WINDOW_MS))
  while (turns.length * SWAPPING * WINDOW_MS < swappingMs) {
    const pair = [await peace(), await peace()] as const
    const swapping: Window[] = []
    for (let i = 0; i < SWAPPING; i++) swapping.push(await windowOf(() => swapEachSecond(swapper)))
    turns.push({ peace: pair, swapping })
  }
  return turns
}

async function swapEachSecond(swapper: Swapper): Promise<void> {
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
export function tookIn(windows: readonly Window[], { publishedMs, tookMs }: Balance): readonly number[] {
  const found: number[] = []
  let at = 0
  for (const { fromMs, toMs } of windows) {
    while (at < publishedMs.length && publishedMs[at]! < fromMs) at++
    for (; at < publishedMs.length && publishedMs[at]! < toMs; at++) found.push(tookMs[at]!)
  }
  return found
}
