import type { Series } from '@smart-gateway/sdk'
import { metricBatch } from '@smart-gateway/sdk/testing'
import { cpuOf } from './cpu.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { openPage } from './page-output.ts'

const SERIES = 100_000
const ROUNDS = 21

/** A page of 100,000 series: its CPU, and the longest that it holds the event loop. */
export async function renderFigures(): Promise<readonly Figure[]> {
  const { context, output } = await openPage()
  const scrape = context.handlers.get('/metrics')!
  const all = Array.from({ length: SERIES }, (_, i) => seriesOf(i))
  const cpuMs: number[] = []
  const sliceMs: number[] = []
  let lines = 0
  for (let round = 0; round < ROUNDS; round++) {
    // New values each time: nothing of the last page can be kept.
    for (let from = 0; from < SERIES; from += 1000) {
      const samples = all
        .slice(from, from + 1000)
        .map((series, i) => ({ series, value: Math.random() * 1e6 + i, timeMs: 0 }))
      await output.write(metricBatch(samples))
    }
    // The garbage of making new values is the bench's own, and no page's: it goes before.
    globalThis.gc!()
    const turns = new Turns()
    const cpu = await cpuOf(async () => {
      const response = await scrape(new Request('http://127.0.0.1/metrics'))
      lines = 0
      for await (const chunk of response.body!) lines += countLines(chunk)
    })
    const longest = turns.end()
    if (round === 0) continue
    cpuMs.push(cpu / 1e6)
    sliceMs.push(longest)
  }
  await output.stop?.()
  // The family's HELP and TYPE are two more lines.
  const missing = SERIES + 2 - lines
  return [
    {
      name: 'a page of 100,000 series',
      value: median(cpuMs),
      unit: 'ms',
      target: { atMost: 60 },
      detail: `CPU ms ${spread(cpuMs, 1)}; series missing from the page ${missing}`,
    },
    {
      name: 'longest slice of the thread while it renders',
      value: Math.max(...sliceMs),
      unit: 'ms',
      target: { atMost: 10 },
      detail: `CPU ms of the longest turn of the event loop in each of ${sliceMs.length} pages: ${spread(sliceMs, 1)}`,
    },
  ]
}

/** Measures the thread's CPU between turns of the event loop. */
class Turns {
  #longestUs = 0
  #last = this.#now()
  #timer = setImmediate(() => this.#turn())

  end(): number {
    this.#turn()
    clearImmediate(this.#timer)
    return this.#longestUs / 1000
  }

  #turn(): void {
    const now = this.#now()
    this.#longestUs = Math.max(this.#longestUs, now - this.#last)
    this.#last = now
    this.#timer = setImmediate(() => this.#turn())
  }

  #now(): number {
    const { user, system } = process.threadCpuUsage()
    return user + system
  }
}

function seriesOf(i: number): Series {
  const type_instance = `eth${i % 10}`
  const plugin_instance = `port-${Math.floor(i / 10) % 100}`
  const host = `compute-${Math.floor(i / 1000)}.localdomain`
  return Object.freeze({
    name: 'collectd_interface_if_octets_rx_total',
    labels: Object.freeze({ host, plugin_instance, type_instance }),
    type: 'counter',
    intervalMs: 10_000,
  })
}

function countLines(chunk: Uint8Array): number {
  let lines = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  return lines
}
