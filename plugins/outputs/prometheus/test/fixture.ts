import { metricBatch } from '@smart-gateway/sdk/testing'
import type { TestSample } from '@smart-gateway/sdk/testing'
import type { MetricType, Series } from '@smart-gateway/sdk'
import { renderPage } from '../src/exposition.ts'
import { OPENMETRICS, TEXT } from '../src/format.ts'
import { emptyState } from '../src/state.ts'
import { createStore } from '../src/store.ts'
import type { StoreObserver } from '../src/store.ts'
import type { PageKind } from './page-parser.ts'

export const EXPIRY = { intervals: 5, afterMs: 300_000 }

export interface SeriesDetails {
  readonly type?: MetricType
  readonly intervalMs?: number
  readonly help?: string
}

/** A series as the host interns it: frozen, one object for each call. */
export function aSeries(
  name: string,
  labels: Record<string, string> = {},
  details: SeriesDetails = {},
): Series {
  return Object.freeze({ name, labels: Object.freeze(labels), type: 'gauge', intervalMs: 10_000, ...details })
}

/** A store on a clock that the test moves, with what it reported. */
export function testStore({ maxSeries = 1000, state = emptyState() } = {}) {
  const seen = { stale: 0, refused: 0, oversized: [] as string[], conflicts: [] as string[] }
  const time = { nowMs: 1_000_000 }
  const observer: StoreObserver = {
    stale: (samples) => void (seen.stale += samples),
    full: (samples) => void (seen.refused += samples),
    oversized: (samples, name) => void seen.oversized.push(`${samples} ${name}`),
    conflict: (family, type) => void seen.conflicts.push(`${family.name} ${family.type}/${type}`),
  }
  const write = createStore(state, { maxSeries, expiry: EXPIRY }, () => time.nowMs)
  const page = (kind: PageKind = 'text', timestamps = false, clock = () => time.nowMs) =>
    renderPage(state, kind === 'text' ? TEXT : OPENMETRICS, { expiry: EXPIRY, timestamps }, clock)
  return {
    state,
    seen,
    time,
    write: (...samples: [series: Series, value: number, timeMs?: number][]) =>
      write(
        metricBatch(samples.map(([series, value, timeMs = 0]): TestSample => ({ series, value, timeMs }))),
        observer,
      ),
    page,
    text: async (kind?: PageKind, timestamps?: boolean) => (await readAll(page(kind, timestamps))).toString(),
    /** The sample lines of the text page, without the family's head. */
    async lines() {
      return (await this.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    },
  }
}

export async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = []
  for await (const piece of pieces) read.push(piece)
  return Buffer.concat(read)
}

/** Numbers from 0 to below 1 that are the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
