/** `npm run bench [NAME ...]`: each group of figures in a process of its own, then a table and the same as one line of JSON. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem } from 'node:os'
import { met } from './figure.ts'
import type { Figure } from './figure.ts'

const GROUPS: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  decode: async () => (await import('./decode.ts')).decodeFigures(),
  broker: async () => (await import('./broker.ts')).brokerFigures(),
  render: async () => (await import('./render.ts')).renderFigures(),
  memory: async () => (await import('./memory.ts')).memoryFigures(),
  start: async () => (await import('./start.ts')).startFigures(),
}

const [mode, ...names] = process.argv.slice(2)
if (mode === '--group')
  process.stdout.write(JSON.stringify(await GROUPS[names[0]!]!()), () => process.exit(0))
else report(await Promise.all([mode, ...names].filter((name) => name !== undefined)))

function report(wanted: readonly string[]): void {
  const figures = (wanted.length === 0 ? Object.keys(GROUPS) : wanted).flatMap(measure)
  const machine = `${cpus().length} x ${cpus()[0]!.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}`
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

function measure(group: string): readonly Figure[] {
  if (!(group in GROUPS)) throw new Error(`no group "${group}"; there are ${Object.keys(GROUPS).join(', ')}`)
  const output = execFileSync(
    process.execPath,
    [...process.execArgv, import.meta.filename, '--group', group],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 26,
    },
  )
  return JSON.parse(output.slice(output.lastIndexOf('\n[') + 1)) as readonly Figure[]
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
