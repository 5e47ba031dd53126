import { setTimeout as delay } from 'node:timers/promises'
import { startGateway } from '../../../e2e/src/gateway-process.ts'
import { freePorts } from '../../../e2e/src/peers/ports.ts'
import { listOf } from '../list.ts'
import { PROMETHEUS, writeVersions } from '../plugin-versions.ts'
import { inWords, spreadOf } from '../quantile.ts'
import type { Scenario } from '../scenario.ts'
import { strayChanges } from '../stray-changes.ts'
import { makeSwapper, TOKEN } from '../swapper.ts'
import type { Swapped } from '../swapper.ts'

const PER_MESSAGE = 500
const PERIOD_MS = 1000
/** So many faults of one page are told. */
const TOLD = 5
const SAMPLE = /^collectd_soak_gauge\{.*host="host-(\d+)".*\} (\d+)$/

/** A Prometheus output with very many series is swapped while they are written anew again and again; each page has each series, none goes back. */
export const scrapes: Scenario = {
  name: 'scrapes',
  async play({ full }) {
    const series = full ? 100_000 : 20_000
    const [web, page] = (await freePorts(2)) as [number, number]
    const instances: Swapped[] = []
    const before = (folder: string): void => {
      instances.push({ instance: 'page', versions: writeVersions(PROMETHEUS, folder, 'page') })
    }
    const gateway = await startGateway(startupOf(web, page), {}, { before, token: TOKEN })
    try {
      await gateway.ready()
      const swapper = makeSwapper(gateway, instances)
      const flaws: string[] = []
      const write = (value: number): Promise<void> => writeAll(`http://127.0.0.1:${web}/`, series, value)
      await write(1)
      let value = 1
      let going = true
      const writing = (async () => {
        while (going) await write(++value)
      })()
      const tookMs: number[] = []
      const last = new Float64Array(series)
      const scraping = (async () => {
        while (going) {
          // What was settled before the page was asked for is on it.
          const floor = value - 1
          const startMs = performance.now()
          flaws.push(...(await faultsOf(`http://127.0.0.1:${page}/metrics`, last, floor)))
          tookMs.push(performance.now() - startMs)
          await delay(20)
        }
      })()
      const endMs = performance.now() + (full ? 120_000 : 15_000)
      while (performance.now() < endMs) {
        const next = delay(PERIOD_MS)
        await swapper.next()
        await next
      }
      going = false
      await Promise.all([writing, scraping])
      const swapsMs = spreadOf(swapper.swaps.map(({ startMs, endMs }) => endMs - startMs))
      return {
        done: { swaps: swapper.swaps.length, scrapes: tookMs.length, rounds: value, series },
        figures: {
          'a swap': inWords(swapsMs),
          'a scrape': inWords(spreadOf(tookMs)),
          written: `${value} times ${series} samples`,
        },
        flaws: [...swapper.flaws, ...flaws, ...(await strayChanges(gateway))],
        misses: [],
      }
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${gateway.stderr().slice(-2000)}`, { cause: error })
    } finally {
      await gateway.remove()
    }
  },
}

/** What is wrong with a page: a series is missing or double, went back, or has not what was settled. */
async function faultsOf(url: string, last: Float64Array, floor: number): Promise<readonly string[]> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (answer.status !== 200) return [`the page answers ${answer.status}: ${text.slice(0, 200)}`]
  const faults: string[] = []
  const seen = new Uint8Array(last.length)
  let count = 0
  for (const line of text.split('\n')) {
    const [, host, shown] = SAMPLE.exec(line) ?? []
    if (host === undefined) continue
    const [i, value] = [Number(host), Number(shown)]
    if (seen[i]!++ > 0) faults.push(`${line} stands there twice`)
    count++
    if (value < last[i]! || value < floor)
      faults.push(`${line}: it was ${last[i]} before, and ${floor} was settled`)
    last[i] = value
  }
  if (count !== last.length) faults.unshift(`a page has ${count} series of ${last.length}`)
  return faults.slice(0, TOLD)
}

/** Gives every series a value; resolves when all of that is settled. */
async function writeAll(url: string, series: number, value: number): Promise<void> {
  const nowMs = Date.now()
  for (let from = 0; from < series; from += PER_MESSAGE) {
    const lists = Array.from({ length: PER_MESSAGE }, (_, i) => listOf(value, nowMs, `host-${from + i}`))
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(lists),
    })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`the gateway answers ${answer.status} to what is written`)
  }
}

function startupOf(web: number, page: number): string {
  return `
transports:
  web: { plugin: http, options: { port: ${web} } }
inputs:
  collectd: { plugin: collectd, from: { transport: web, path: / } }
outputs:
  page: { plugin: ./page-1, isolation: inline, options: { port: ${page} } }
`
}
