import type { Balance } from './balance.ts'
import { tookIn } from './phases.ts'
import type { Turn, Window } from './phases.ts'
import { inWords, quantile, spreadOf } from './quantile.ts'
import type { Swap } from './swapper.ts'

/** The next message after a swap may still meet what it left: a full queue, a cold function. */
const MARGIN_MS = 20

/** What swaps took, and what they cost those whose messages met one. */
export interface SwapFigures {
  readonly figures: Readonly<Record<string, string>>
  /** By how much the 99th percentile of messages around a swap is above that of others: the median over the turns. */
  readonly addedMs: number
  /** By how much that differs between two windows without swaps. */
  readonly noiseMs: number
  /** By how much the neighbours' 99th percentile is above that in peace, and by how much two windows of peace differ: medians of all turns. */
  readonly neighbours: { readonly addedMs: number; readonly noiseMs: number }
}

export function swapFigures(
  turns: readonly Turn[],
  swaps: readonly Swap[],
  swapped: Balance,
  beside: Balance,
): SwapFigures {
  const figures: Record<string, string> = {}
  for (const name of new Set(swaps.map(({ instance }) => instance))) {
    const own = swaps.filter(({ instance }) => instance === name)
    const durations = spreadOf(own.map(({ startMs, endMs }) => endMs - startMs))
    const met = spreadOf(tookIn(around(own), swapped))
    figures[`${own.length} swaps of ${name}`] = `${inWords(durations)}; messages around them ${inWords(met)}`
  }
  const peace = spreadOf(
    tookIn(
      turns.flatMap((turn) => turn.peace),
      swapped,
    ),
  )
  const met = spreadOf(tookIn(around(swaps), swapped))
  figures['messages in peace'] = `${inWords(peace)} of ${peace.count}`
  figures['messages around a swap'] = `${inWords(met)} of ${met.count}`
  const waits = differences(turns, swapped, (turn) => [around(swaps.filter((swap) => isIn(swap, turn)))])
  figures['a message waits for a swap'] =
    `p99 ${signed(waits.differs)} ms (A/A noise ${waits.noise.toFixed(1)}), max ${signed(met.max - peace.max)} ms`
  // Each window for itself: a longer one would hold what is rare more often.
  const besides = differences(turns, beside, ({ swapping }) => swapping.map((window) => [window]))
  figures["the neighbours' p99"] =
    `${besides.peace.toFixed(1)} ms in peace (A/A: half of the pairs of windows differ by at most ${besides.noise.toFixed(1)}, 19 of 20 by at most ${besides.mostNoise.toFixed(1)}), ${signed(besides.differs)} ms in windows with swaps${besides.sure === undefined ? '' : ` (95 % of such medians: ${besides.sure.map(signed).join(' to ')})`}`
  return {
    figures,
    addedMs: waits.differs,
    noiseMs: waits.noise,
    neighbours: { addedMs: besides.differs, noiseMs: besides.noise },
  }
}

interface Differences {
  /** The 99th percentile in peace. */
  readonly peace: number
  /** By how much two windows of peace differ: in half of the pairs, and in 19 of 20. */
  readonly noise: number
  readonly mostNoise: number
  /** By how much other windows are above them, and between which figures that lies in 19 of 20 runs like this one; six turns are the least that can tell. */
  readonly differs: number
  readonly sure: readonly [number, number] | undefined
}

/**
 * Compares 99th percentiles within each turn, and takes the median of all: others who use the machine come and go, too. In a turn each
 * window is held against each of peace, and the median of those differences stands for it (Hodges and Lehmann's shift). To compare the
 * mean of five windows with that of two would not do: what is rare and large is more often among five, and five that are no different
 * come out higher.
 */
function differences(
  turns: readonly Turn[],
  balance: Balance,
  others: (turn: Turn) => readonly (readonly Window[])[],
): Differences {
  const p99 = (windows: readonly Window[]): number => spreadOf(tookIn(windows, balance)).p99
  const pairs = turns.map(({ peace: [first, second] }) => [p99([first]), p99([second])] as const)
  const noises = pairs.map(([first, second]) => Math.abs(second - first))
  const added = turns.map((turn, i) => {
    const met = others(turn).map(p99)
    return median(met.flatMap((one) => pairs[i]!.map((still) => one - still)))
  })
  return {
    peace: median(pairs.flat()),
    noise: median(noises),
    mostNoise: quantile(Float64Array.from(noises).sort(), 0.95),
    differs: median(added),
    sure: sureOf(added),
  }
}

/** The stretches in which a message may have met a swap. */
function around(swaps: readonly Swap[]): readonly Window[] {
  return swaps.map(({ startMs, endMs }) => ({ fromMs: startMs - MARGIN_MS, toMs: endMs + MARGIN_MS }))
}

function isIn({ startMs }: Swap, { swapping }: Turn): boolean {
  return startMs >= swapping[0]!.fromMs && startMs < swapping.at(-1)!.toMs
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return (quantile(sorted, 0.5) + sorted[(sorted.length - 1) >> 1]!) / 2
}

/** The ranks between which a median lies with 95 %, by the binomial distribution: whatever the figures are distributed like. */
function sureOf(values: readonly number[]): readonly [number, number] | undefined {
  const sorted = [...values].toSorted((a, b) => a - b)
  const { length } = sorted
  let rank = 0
  // How likely it is that no more than `rank` of the figures lie below the median that they were drawn from.
  let chance = 0.5 ** length
  for (let term = chance; chance <= 0.025; chance += term) {
    rank++
    term *= (length - rank + 1) / rank
  }
  return rank === 0 ? undefined : [sorted[rank - 1]!, sorted[length - rank]!]
}

function signed(ms: number): string {
  return `${ms < 0 ? '' : '+'}${ms.toFixed(1)}`
}
