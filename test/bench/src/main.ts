/** `npm run bench [NAME ...]`: each group of figures of what is built, in a process of its own, then a table and the same as one line of JSON. */
import { execFileSync } from 'node:child_process'
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { cpus, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { met } from './figure.ts'
import type { Figure } from './figure.ts'

const GROUPS: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  decode: async () => (await import('./decode.ts')).decodeFigures(),
  ceilometer: async () => (await import('./ceilometer.ts')).ceilometerFigures(),
  stores: async () => (await import('./stores.ts')).storeFigures(),
  neighbours: async () => (await import('./neighbours.ts')).neighbourFigures(),
  delivery: async () => (await import('./delivery.ts')).deliveryFigures(),
  backlog: async () => (await import('./backlog.ts')).backlogFigures(),
  swap: async () => (await import('./swap.ts')).swapFigures(),
  broker: async () => (await import('./broker.ts')).brokerFigures(),
  render: async () => (await import('./render.ts')).renderFigures(),
  memory: async () => (await import('./memory.ts')).memoryFigures(),
  start: async () => (await import('./start.ts')).startFigures(),
}

/** All that the groups write lies in here. */
const scratch = mkdtempSync(join(tmpdir(), 'bench-'))
// A broker that runs as its own user has to get through.
chmodSync(scratch, 0o755)
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))

const [mode, ...names] = process.argv.slice(2)
if (mode === '--group')
  process.stdout.write(JSON.stringify(await GROUPS[names[0]!]!()), () => process.exit(0))
else report(await Promise.all([mode, ...names].filter((name) => name !== undefined)))

function report(wanted: readonly string[]): void {
  const figures = (wanted.length === 0 ? Object.keys(GROUPS) : wanted).flatMap(measure)
  const machine = `${cpus().length} x ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}, ${versions()}`
  console.log(`\n${machine}\n`)
  for (const figure of figures) {
    const { name, value, unit, target, detail } = figure
    const mark = { true: 'met', false: 'NOT MET', undefined: '' }[
      String(met(figure)) as 'true' | 'false' | 'undefined'
    ]
    const aim =
      target === undefined
        ? ''
        : 'atLeast' in target
          ? `>= ${target.atLeast} ${unit}`
          : `<= ${target.atMost} ${unit}`
    console.log(
      `${name.padEnd(64)} ${`${round(value)} ${unit}`.padStart(12)} ${aim.padStart(14)}  ${mark}\n    ${detail}`,
    )
  }
  console.log(
    `\n${JSON.stringify({ machine, figures: figures.map((figure) => ({ ...figure, met: met(figure) })) })}`,
  )
}

/** What else a figure depends on. */
function versions(): string {
  const names = ['@smart-gateway/core', 'amqplib']
  const packages = names.map((name) => {
    const { version } = JSON.parse(readFileSync(findPackageJSON(name, import.meta.url)!, 'utf8')) as {
      version: string
    }
    return `${name} ${version}`
  })
  const [broker = ''] = globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*')
  return [...packages, broker.replace(/.*server-/, 'RabbitMQ ')].filter((text) => text !== '').join(', ')
}

function measure(group: string): readonly Figure[] {
  if (!(group in GROUPS)) throw new Error(`no group "${group}"; there are ${Object.keys(GROUPS).join(', ')}`)
  const output = execFileSync(
    process.execPath,
    [...process.execArgv, import.meta.filename, '--group', group],
    {
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: scratch },
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 26,
    },
  )
  return JSON.parse(output.slice(output.lastIndexOf('\n[') + 1)) as readonly Figure[]
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
