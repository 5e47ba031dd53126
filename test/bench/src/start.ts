import { spawn } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePorts } from '../../e2e/src/peers/ports.ts'
import { RUN_FLAGS } from '../../e2e/src/run-flags.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'

const ROUNDS = 11
const ROOT = resolve(import.meta.dirname, '../../..')

/** From spawning the process to /health/ready answering 200, on the default startup.yaml: as published, and as a checkout. */
export async function startFigures(): Promise<readonly Figure[]> {
  const built: number[] = []
  const checkout: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    built.push(await startOnce('core/dist/cli/main.js'))
    checkout.push(await startOnce('core/bin/smart-gateway.js'))
  }
  const name = 'process start to ready on the default startup.yaml'
  const detail = (readyMs: readonly number[]): string =>
    `wall ms ${spread(readyMs)} over ${ROUNDS} starts, its ports replaced, each in a new state folder`
  return [
    { name, value: median(built), unit: 'ms', target: { atMost: 600 }, detail: detail(built) },
    {
      name: "the same from a checkout's TypeScript sources",
      value: median(checkout),
      unit: 'ms',
      detail: detail(checkout),
    },
  ]
}

async function startOnce(command: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-start-'))
  const [web, admin, page] = (await freePorts(3)) as [number, number, number]
  const text = await readFile(join(ROOT, 'startup.yaml'), 'utf8')
  const own = text
    .replaceAll('8080', `${web}`)
    .replaceAll('8470', `${admin}`)
    .replaceAll('9103', `${page}`)
    .replaceAll('./plugins', `${ROOT}/plugins`)
  await writeFile(join(folder, 'startup.yaml'), own)
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [...RUN_FLAGS, join(ROOT, command), 'run', join(folder, 'startup.yaml')],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const exited = new Promise((done) => child.once('exit', done))
  // The greeting comes when everything had its first try; the gateway's own word for it is asked at once.
  await new Promise((done) => child.stdout.once('data', done))
  const { status } = await fetch(`http://127.0.0.1:${admin}/health/ready`)
  const ms = performance.now() - started
  child.kill('SIGTERM')
  await exited
  if (status !== 200) throw new Error(`/health/ready answered ${status}`)
  return ms
}
