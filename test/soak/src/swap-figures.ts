import type { Balance } from './balance.ts'
import { around, tookIn } from './phases.ts'
import type { Phases, Window } from './phases.ts'
import { inWords, quantile, spreadOf } from './quantile.ts'
import type { Swap } from './swapper.ts'

/** The next message after a swap may still meet what it left: a full queue, a cold function. */
const MARGIN_MS = 20

/** What swaps took, and what they cost those whose messages met one. */
export interface SwapFigures {
  readonly figures: Readonly<Record<string, string>>
  /** By how much the 99th percentile of messages around a swap is above that of others. */
  readonly addedMs: number
}

export function swapFigures(
  phases: Phases,
  swaps: readonly Swap[],
  swapped: Balance,
  beside: Balance,
): SwapFigures {
  const figures: Record<string, string> = {}
  const peace = spreadOf(tookIn(turns(phases.first, phases.second), swapped))
  const met = spreadOf(tookIn(around(swaps, MARGIN_MS), swapped))
  for (const name of new Set(swaps.map(({ instance }) => instance))) {
    const own = swaps.filter(({ instance }) => instance === name)
    const durations = spreadOf(own.map(({ startMs, endMs }) => endMs - startMs))
    figures[`${own.length} swaps of ${name}`] =
      `${inWords(durations)}; messages around them ${inWords(spreadOf(tookIn(around(own, MARGIN_MS), swapped)))}`
  }
  figures['messages in peace'] = `${inWords(peace)} of ${peace.count}`
  figures['messages around a swap'] =
    `${inWords(met)} of ${met.count}: p99 ${signed(met.p99 - peace.p99)}, max ${signed(met.max - peace.max)} ms`
  figures["neighbours' p99"] = neighbours(phases, beside)
  return { figures, addedMs: met.p99 - peace.p99 }
}

/** The 99th percentiles of windows: peace against peace is the noise, peace against swaps what these cost. */
function neighbours({ first, second, swapping }: Phases, beside: Balance): string {
  const p99s = (windows: readonly Window[]): number[] =>
    windows.map((window) => spreadOf(tookIn([window], beside)).p99)
  const [a, b, s] = [p99s(first), p99s(second), p99s(swapping)]
  const noise = median(a.map((one, i) => Math.abs(b[i]! - one)))
  const difference = median(s) - median([...a, ...b])
  return `${range([...a, ...b])} in windows of peace (A/A noise ${noise.toFixed(1)} ms), ${range(s)} in windows with swaps: ${signed(difference)} ms`
}

function turns(first: readonly Window[], second: readonly Window[]): readonly Window[] {
  return first.flatMap((window, i) => [window, second[i]!])
}

function range(values: readonly number[]): string {
  return `median ${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)}) ms`
}

function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5)
}

function signed(ms: number): string {
  return `${ms < 0 ? '' : '+'}${ms.toFixed(1)}`
}
