import { fork } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts } from '../../e2e/src/peers/ports.ts'
import { until } from '../../e2e/src/peers/until.ts'
import { RUN_FLAGS } from '../../e2e/src/run-flags.ts'
import type { Figure } from './figure.ts'

const SERIES = 100_000
const SECONDS = 60
const LISTS_PER_BODY = 300
const ROOT = resolve(import.meta.dirname, '../../..')

interface MemoryReport {
  readonly heapBytes: number
  readonly rssBytes: number
}

/** 100,000 series, each sampled every 10 s through write_http bodies for a minute, and two scrapes; the gateway as it is published, built. */
export async function memoryFigures(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-memory-'))
  const [admin, web, page] = (await freePorts(3)) as [number, number, number]
  await writeFile(join(folder, 'startup.yaml'), startup(admin, web, page))
  const child = fork(join(ROOT, 'core/dist/cli/main.js'), ['run', join(folder, 'startup.yaml')], {
    execArgv: [...RUN_FLAGS, '--expose-gc', '--import', join(import.meta.dirname, 'report-memory.js')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await until(
    'the gateway to be ready',
    async () => (await fetch(`http://127.0.0.1:${admin}/health/ready`).catch(() => undefined))?.ok,
  )
  const report = (): Promise<MemoryReport> =>
    new Promise((done) => {
      child.once('message', (message) => done(message as MemoryReport))
      child.send('report')
    })
  const before = await report()
  const endMs = performance.now() + SECONDS * 1000
  let samples = 0
  let lines = 0
  let scrapes = 0
  for (let round = 0; performance.now() < endMs; round++) {
    for (let from = 0; from < SERIES && performance.now() < endMs; from += LISTS_PER_BODY) {
      const response = await fetch(`http://127.0.0.1:${web}/collectd`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bodyOf(from, round),
      })
      if (response.status !== 200) throw new Error(`the gateway answered ${response.status}`)
      samples += LISTS_PER_BODY
      await delay(25)
    }
    if (round === 1 || round === 3) {
      lines = (await (await fetch(`http://127.0.0.1:${page}/metrics`)).text())
        .split('\n')
        .filter((line) => line.startsWith('collectd_')).length
      scrapes++
    }
  }
  const after = await report()
  child.disconnect()
  const perSeries = (after.heapBytes - before.heapBytes) / SERIES
  const detail = `${samples} samples in ${SECONDS} s, ${scrapes} scrapes, the last with ${lines} series; heap ${mib(before.heapBytes)} -> ${mib(after.heapBytes)} MiB after GC`
  return [
    {
      name: 'heap with 100,000 live series',
      value: perSeries,
      unit: 'B/series',
      target: { atMost: 700 },
      detail,
    },
    {
      name: 'resident memory with 100,000 live series',
      value: after.rssBytes / 1e6,
      unit: 'MB',
      target: { atMost: 200 },
      detail: `before the load ${(before.rssBytes / 1e6).toFixed(0)} MB`,
    },
  ]
}

function startup(admin: number, web: number, page: number): string {
  return `
gateway: { admin: { port: ${admin} }, logLevel: error }
transports: { web: { plugin: http, options: { port: ${web} } } }
inputs: { collectd: { plugin: collectd, from: { transport: web, path: /collectd } } }
outputs: { prometheus: { plugin: prometheus, options: { port: ${page} } } }
`
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
