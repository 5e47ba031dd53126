import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createGateway } from '@smart-gateway/core'
import type { Gateway } from '@smart-gateway/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from './gateway-process.ts'
import { readPage } from './page.ts'
import { freePort } from './peers/ports.ts'
import { until } from './peers/until.ts'

const SERIES = 20_000
const SWAPS = 20
/** Lists of values in one message. */
const PER_MESSAGE = 500

let folder: string
let gateway: Gateway
let page: string
let posts: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'output-swap-'))
  const [port, web] = [await freePort(), await freePort()]
  page = `http://127.0.0.1:${port}/metrics`
  posts = `http://127.0.0.1:${web}/collectd`
  gateway = createGateway(
    {
      gateway: { admin: { port: 0 }, logLevel: 'error' },
      transports: { web: { plugin: 'http', options: { port: web } } },
      inputs: { collectd: { plugin: 'collectd', from: { transport: 'web', path: '/collectd' } } },
      outputs: { prometheus: { plugin: 'prometheus', options: { port } } },
    },
    { folder },
  )
  await gateway.start()
}, 30_000)

afterAll(async () => {
  await gateway?.stop()
  await rm(folder, { recursive: true, force: true })
})

test(`F6: ${SWAPS} swaps of the Prometheus output under a stream of writes: each page has each series, and none goes back in time`, async () => {
  await round(1)
  const settled = new Map<number, number>()
  let value = 1
  let going = true
  const writing = (async () => {
    while (going) {
      value++
      await round(value)
      settled.set(value, performance.now())
    }
  })()
  let pages = 0
  const faults: string[] = []
  let last: ReadonlyMap<string, number> = new Map()
  const scraping = (async () => {
    while (going) {
      const floor = value - 1
      const seen = await readPage(page)
      pages++
      if (seen.size !== SERIES) faults.push(`page ${pages} has ${seen.size} series`)
      for (const [series, now] of seen) {
        if (now < (last.get(series) ?? 0))
          faults.push(`${series} goes from ${last.get(series)} back to ${now}`)
        if (now < floor)
          faults.push(`${series} is ${now}, ${floor} was settled before the page was asked for`)
      }
      last = seen
    }
  })()
  const tookMs: number[] = []
  for (let i = 0; i < SWAPS; i++) {
    const startedMs = performance.now()
    await gateway.swap('prometheus', join(ROOT, 'plugins/outputs/prometheus'))
    tookMs.push(performance.now() - startedMs)
    const before = pages
    await until('a page between two swaps', () => pages > before)
    await delay(20)
  }
  going = false
  await Promise.all([writing, scraping])
  expect(faults.slice(0, 5)).toEqual([])
  expect(pages).toBeGreaterThan(SWAPS)
  expect(settled.size).toBeGreaterThan(5)
  const shown = await readPage(page)
  expect(new Set(shown.values())).toEqual(new Set([value]))
  expect(gateway.registry.outputs[0]!.unaccounted).toBe(0)
  expect(Math.max(...tookMs)).toBeLessThan(10_000)
}, 120_000)

/** Gives every series this value; resolves when all of that is settled. */
async function round(value: number): Promise<void> {
  for (let from = 0; from < SERIES; from += PER_MESSAGE) {
    const lists = Array.from({ length: PER_MESSAGE }, (_, i) => listOf(from + i, value))
    const response = await fetch(posts, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(lists),
    })
    await response.arrayBuffer()
    if (response.status !== 200 && response.status !== 204)
      throw new Error(`the gateway answers ${response.status}`)
  }
}

function listOf(id: number, value: number): object {
  return {
    values: [value],
    dstypes: ['gauge'],
    dsnames: ['value'],
    time: 1_795_167_248 + value,
    interval: 3600,
    host: `host-${id}`,
    plugin: 'swap',
    plugin_instance: '',
    type: 'gauge',
    type_instance: 'id',
  }
}
