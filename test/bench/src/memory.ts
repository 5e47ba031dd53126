import { fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Figure } from './figure.ts'

const SERIES = 100_000
const SECONDS = 60
const LISTS_PER_BODY = 300

/** What the gateway under load reports of itself. */
export interface MemoryReport {
  readonly web: string
  readonly page: string
  readonly heapBytes: number
  readonly rssBytes: number
}

/** 100,000 series, each sampled every 10 s through write_http bodies for a minute, and two scrapes. */
export async function memoryFigures(): Promise<readonly Figure[]> {
  const child = fork(new URL('./memory-gateway.ts', import.meta.url), { execArgv: [...process.execArgv], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const report = (): Promise<MemoryReport> =>
    new Promise((resolve) => {
      child.once('message', (message) => resolve(message as MemoryReport))
      child.send('report')
    })
  const before = await report()
  const until = performance.now() + SECONDS * 1000
  let samples = 0
  let lines = 0
  let scrapes = 0
  for (let round = 0; performance.now() < until; round++) {
    for (let from = 0; from < SERIES && performance.now() < until; from += LISTS_PER_BODY) {
      const response = await fetch(before.web, { method: 'POST', headers: { 'content-type': 'application/json' }, body: bodyOf(from, round) })
      if (response.status !== 200) throw new Error(`the gateway answered ${response.status}`)
      samples += LISTS_PER_BODY
      await delay(25)
    }
    if (round === 1 || round === 3) {
      lines = (await (await fetch(before.page)).text()).split('\n').filter((line) => line.startsWith('collectd_')).length
      scrapes++
    }
  }
  const after = await report()
  child.disconnect()
  const perSeries = (after.heapBytes - before.heapBytes) / SERIES
  const detail = `${samples} samples in ${SECONDS} s, ${scrapes} scrapes, the last with ${lines} series; heap ${mib(before.heapBytes)} -> ${mib(after.heapBytes)} MiB after GC`
  return [
    { name: 'heap with 100,000 live series', value: perSeries, unit: 'B/series', target: { atMost: 700 }, detail },
    { name: 'resident memory with 100,000 live series', value: after.rssBytes / 1e6, unit: 'MB', target: { atMost: 200 }, detail: `before the load ${(before.rssBytes / 1e6).toFixed(0)} MB` },
  ]
}

function bodyOf(from: number, round: number): string {
  const lists = Array.from({ length: LISTS_PER_BODY }, (_, offset) => {
    const i = (from + offset) % SERIES
    return {
      values: [i * 1000 + round * 17.25],
      dstypes: ['gauge'],
      dsnames: ['value'],
      time: 1795167248.136 + round * 10,
      interval: 10,
      host: `compute-${Math.floor(i / 1000)}.localdomain`,
      plugin: 'interface',
      plugin_instance: `port-${Math.floor(i / 10) % 100}`,
      type: 'if_octets',
      type_instance: `queue${i % 10}`,
    }
  })
  return JSON.stringify(lists)
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
