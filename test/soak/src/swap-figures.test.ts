import { seededRandom } from '@smart-gateway/sdk/testing'
import { describe, expect, it } from 'vitest'
import type { Balance } from './balance.ts'
import type { Turn, Window } from './phases.ts'
import { swapFigures } from './swap-figures.ts'

const WINDOW_MS = 100
const TURNS = 30

/** Turns of two windows of peace and five with swaps, a message each millisecond; those of a window all take as long as `tookMs` says. */
function play(tookMs: (swapping: boolean) => number): ReturnType<typeof swapFigures>['neighbours'] {
  const turns: Turn[] = []
  const took: number[] = []
  const windowOf = (swapping: boolean): Window => {
    const fromMs = took.length
    took.push(...Array.from<number>({ length: WINDOW_MS }).fill(tookMs(swapping)))
    return { fromMs, toMs: took.length }
  }
  for (let i = 0; i < TURNS; i++)
    turns.push({
      peace: [windowOf(false), windowOf(false)],
      swapping: Array.from({ length: 5 }, () => windowOf(true)),
    })
  const balance: Balance = {
    lost: 0,
    duplicates: 0,
    publishedMs: Float64Array.from(took, (_, i) => i),
    tookMs: Float64Array.from(took),
  }
  return swapFigures(turns, [], balance, balance).neighbours
}

/** How long messages take: about 3 ms, but so often up to many times that, for others use the machine now and then. */
function machine(seed: number, disturbed: number): () => number {
  const random = seededRandom(seed)
  return () => 2.7 + 0.6 * random() + (random() < disturbed ? -10 * Math.log(1 - random()) : 0)
}

describe("the neighbours' 99th percentile", () => {
  it('is no higher in windows that are like those of peace, however skewed the noise is', () => {
    const added = Array.from({ length: 50 }, (_, seed) => play(machine(seed, 0.15)).addedMs)
    expect(Math.abs(added.reduce((sum, one) => sum + one, 0) / added.length)).toBeLessThan(0.02)
    expect(Math.max(...added)).toBeLessThan(0.3)
  })

  it.each([0, 0.15])('is higher by what swaps add, where %d of the windows are disturbed', (disturbed) => {
    for (let seed = 0; seed < 20; seed++) {
      const tookMs = machine(seed, disturbed)
      const { addedMs } = play((swapping) => tookMs() + (swapping ? 1.5 : 0))
      expect(addedMs).toBeGreaterThan(1.2)
      expect(addedMs).toBeLessThan(1.8)
    }
  })

  it('leaves the noise where nobody disturbs', () => {
    const tookMs = machine(1, 0)
    const { addedMs, noiseMs } = play((swapping) => tookMs() + (swapping ? 1.5 : 0))
    expect(addedMs).toBeGreaterThan(2 * noiseMs)
  })
})
