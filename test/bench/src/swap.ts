/** Swaps of a decoder while messages come at a steady pace. */
import { setTimeout as delay } from 'node:timers/promises'
import { send } from '../burst/index.ts'
import { crossingFigures } from './crossing.ts'
import { ISOLATIONS, startDecoders } from './decoders.ts'
import type { Isolation } from './decoders.ts'
import type { Figure } from './figure.ts'
import { generationFigures } from './generation.ts'
import { collectdMessages } from './messages.ts'

const SWAPS = 40
/** What a swap leaves to be done, a thread to end, is neither one time nor the other. */
const AFTERMATH_MS = 200
const PEACE_MS = 200
const PER_MS = 5
const TICK_MS = 2

export async function swapFigures(): Promise<readonly Figure[]> {
  // Memory first: what others have used before would be taken again.
  const figures = [...(await generationFigures())]
  for (const isolation of ISOLATIONS) figures.push(...(await swapsOf(isolation)))
  return [...figures, ...(await crossingFigures())]
}

async function swapsOf(isolation: Isolation): Promise<readonly Figure[]> {
  const { gateway } = await startDecoders({ decoder: isolation })
  const stream = startStream()
  const swapMs: number[] = []
  await delay(1000)
  for (let i = 0; i < SWAPS; i++) {
    stream.mark(undefined)
    await delay(AFTERMATH_MS)
    stream.mark('peace')
    await delay(PEACE_MS)
    stream.mark('swap')
    const startedMs = performance.now()
    await gateway.swap('decoder')
    swapMs.push(performance.now() - startedMs)
  }
  await stream.stop()
  const { received, settled } = gateway.registry.inputs[0]!.intake.counts
  await gateway.stop()
  const { peace, swap } = stream.tookMs
  const [took, calm, met] = [sorted(swapMs), sorted(peace), sorted(swap)]
  return [
    {
      name: `swap of a decoder, ${isolation}`,
      value: at(took, 0.5),
      unit: 'ms',
      detail: `${inWords(took)} over ${SWAPS} swaps while ${PER_MS * 1000} messages a second come; lost ${received - settled} of ${received}`,
    },
    {
      name: `what a swap adds to a message at the 99th percentile, ${isolation}`,
      value: at(met, 0.99) - at(calm, 0.99),
      unit: 'ms',
      target: { atMost: 50 },
      detail: `from when it was due to its acknowledgement: ${inWords(met)} of ${met.length} during a swap, ${inWords(calm)} of ${calm.length} otherwise`,
    },
  ]
}

type Time = 'peace' | 'swap'

/** Messages at a steady pace. A stall of the process delays them too: they count from when they were due. */
function startStream() {
  const messages = collectdMessages()
  const tookMs: Record<Time, number[]> = { peace: [], swap: [] }
  const open = new Set<Promise<void>>()
  const startMs = performance.now()
  let time: Time | undefined
  let sent = 0
  let stopped = false
  const running = (async () => {
    while (!stopped) {
      await delay(TICK_MS)
      for (const nowMs = performance.now(); startMs + sent / PER_MS < nowMs; sent += PER_MS) {
        const [dueMs, list] = [startMs + sent / PER_MS, tookMs[time ?? 'peace']]
        const burst = Array.from({ length: PER_MS }, (_, i) => messages[(sent + i) % messages.length]!)
        const counts = time !== undefined
        const fate = send(burst, PER_MS, 'decoder').then(() => {
          open.delete(fate)
          if (counts) list.push(performance.now() - dueMs)
        })
        open.add(fate)
      }
    }
  })()
  return {
    tookMs,
    mark: (next: Time | undefined) => void (time = next),
    async stop() {
      stopped = true
      await running
      await Promise.all(open)
    },
  }
}

function sorted(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b)
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

function inWords(values: readonly number[]): string {
  return `p50 ${at(values, 0.5).toFixed(1)}, p99 ${at(values, 0.99).toFixed(1)}, max ${values.at(-1)!.toFixed(1)} ms`
}
