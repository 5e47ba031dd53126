import { setTimeout as delay } from 'node:timers/promises'

const PERIOD_MS = 1000
const DEADLINE_MS = 2000

/** What the gateway's own metrics say, by the lines up to the value. */
export type Page = ReadonlyMap<string, number>

/** Looks at the gateway's metrics again and again. */
export interface Samples {
  readonly taken: number
  /** Each residual that was not 0, with its line. */
  readonly unaccounted: readonly string[]
  readonly mostRssBytes: number
  /** The most records that all queues held at once. */
  readonly mostQueued: number
  /** Looks now as well; undefined when there is no answer. */
  look(): Promise<Page | undefined>
  stop(): Promise<void>
}

export function startSamples(adminUrl: string): Samples {
  const unaccounted: string[] = []
  const state = { taken: 0, mostRssBytes: 0, mostQueued: 0 }
  const stopping = new AbortController()
  const start = performance.now()

  async function look(): Promise<Page | undefined> {
    const page = await readPage(adminUrl)
    if (page === undefined) return undefined
    state.taken++
    state.mostRssBytes = Math.max(state.mostRssBytes, page.get('process_resident_memory_bytes') ?? 0)
    state.mostQueued = Math.max(state.mostQueued, sumOf(page, 'smart_gateway_queue_records'))
    for (const [line, value] of page) {
      if (!line.startsWith('smart_gateway_unaccounted_') || value === 0) continue
      unaccounted.push(`${line} ${value} after ${Math.round(performance.now() - start)} ms`)
    }
    return page
  }

  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look()
      await delay(PERIOD_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  })()

  return {
    get taken() {
      return state.taken
    },
    get mostRssBytes() {
      return state.mostRssBytes
    },
    get mostQueued() {
      return state.mostQueued
    },
    unaccounted,
    look,
    async stop() {
      stopping.abort()
      await looking
    },
  }
}

/** The sum of a metric's values over those of its lines that have all the labels. */
export function sumOf(page: Page, name: string, ...labels: readonly string[]): number {
  let sum = 0
  for (const [line, value] of page)
    if (line.startsWith(`${name}{`) && labels.every((label) => line.includes(label))) sum += value
  return sum
}

async function readPage(adminUrl: string): Promise<Page | undefined> {
  try {
    const answer = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(DEADLINE_MS) })
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ')
        return [line.slice(0, at), Number(line.slice(at + 1))]
      }),
    )
  } catch {
    return undefined
  }
}
