import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Species } from './behaviours.ts'

/** What a plugin of the zoo does wrong, and where. */
export interface Vice {
  readonly stage: string
  readonly does: string
}

/** The message or record at which a plugin does it, where it does it while it works. */
export const POISON = 666_666

/** How a plugin of the zoo and its visitor reach each other; transports run in the visitor's process. */
export interface Feeder {
  deliver(message: { readonly body: Buffer }): Promise<void>
}

/** Where transports leave their intakes, by folder and input. */
export function feeders(): Map<string, Feeder> {
  const all = globalThis as { zoo?: Map<string, Feeder> }
  return (all.zoo ??= new Map())
}

/** Writes a plugin that keeps what it is given in `<folder>/stored`, and has this vice or none; returns its folder. */
export function writeAnimal(
  folder: string,
  species: Species,
  version: number,
  vice: Vice = { stage: 'none', does: 'nothing' },
): string {
  const kind = species === 'decoder' || species === 'source' ? 'input' : species
  const own = join(folder, `${species}-${version}`)
  mkdirSync(own, { recursive: true })
  const manifest = {
    name: `zoo-${species}`,
    version: `${version}.0.0`,
    type: 'module',
    main: 'index.js',
    smartGateway: { api: 1, kind },
  }
  writeFileSync(join(own, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(own, 'index.js'), textOf(folder, species, version, vice))
  return own
}

function textOf(folder: string, species: Species, version: number, { stage, does }: Vice): string {
  return `
import { appendFileSync } from 'node:fs'
const [STAGE, DOES, VERSION, FOLDER, POISON] = ${JSON.stringify([stage, does, version, folder, POISON])}
let log
const DEEDS = {
  throws() { throw new Error('a bad animal') },
  rejects: () => Promise.reject(new Error('a bad animal')),
  hangs: () => new Promise(() => {}),
  'never acks': () => new Promise(() => {}),
  exits: () => process.exit(7),
  loops() { for (;;); },
  'throws later'() { setTimeout(() => { throw new Error('a bad animal') }) },
  'floods the log'() { for (let i = 0; i < 5000; i++) log.warn('noise') },
  'leaks a timer'() { setInterval(() => {}, 10) },
}
const act = (stage) => (stage === STAGE ? DEEDS[DOES]?.() : undefined)
const store = (values) => appendFileSync(FOLDER + '/stored', values.map((value) => value + '\\n').join(''))
${BODIES[species]}
await act('import')
`
}

const BASE = `api: 1, options: { type: 'object' }, signals: ['metric'],`

const BODIES: Readonly<Record<Species, string>> = {
  decoder: `
export default { ${BASE} kind: 'input', name: 'decoder', async open(context) {
  log = context.log
  await act('open')
  return {
    decode({ body }, out) {
      const numbers = JSON.parse(body.toString())
      const made = numbers.includes(POISON) ? act('decode') : undefined
      for (const number of numbers) out.sample({ name: 'n', labels: {}, type: 'gauge', intervalMs: 0 }, number, 0)
      return made
    },
    health: () => act('health') ?? { state: 'ready' },
    stop: () => act('stop'),
  }
} }`,
  source: `
export default { ${BASE} kind: 'input', name: 'source', async open() {
  let timer
  await act('open')
  return {
    async start(emit) {
      await act('start')
      timer = setInterval(() => {
        const number = VERSION * 1e9 + (Date.now() % 1e9)
        void emit((out) => out.sample({ name: 'n', labels: {}, type: 'gauge', intervalMs: 0 }, number, 0)).catch(() => {})
      }, 20)
    },
    stop() {
      if (DOES !== 'emits after it') clearInterval(timer)
      return act('stop')
    },
  }
} }`,
  filter: `
export default { ${BASE} kind: 'filter', name: 'filter', async open(context) {
  log = context.log
  await act('open')
  return {
    apply(batch) {
      if (!Array.from(batch.values).includes(POISON)) return batch
      if (STAGE === 'apply' && DOES === 'makes records') return { ...batch, length: 5 }
      return act('apply') ?? batch
    },
    health: () => act('health') ?? { state: 'ready' },
    stop: () => act('stop'),
  }
} }`,
  output: `
export default { ${BASE} kind: 'output', name: 'output', async open(context) {
  log = context.log
  await act('open')
  let onStop = () => {}
  return {
    async write(batch) {
      const values = Array.from(batch.values)
      if (STAGE === 'write' && values.includes(POISON)) {
        if (DOES === 'acks twice') {
          const error = Object.assign(new Error('a bad animal'), { retryable: false })
          const index = values.indexOf(POISON)
          store(values.filter((value) => value !== POISON))
          return { rejected: [{ index, error }, { index, error }] }
        }
        if (DOES === 'answers after stop') return await new Promise((resolve) => { onStop = resolve })
        await act('write')
      }
      store(values)
    },
    exportState: () => act('exportState') ?? {},
    async restore() {
      await act('restore')
      if (STAGE === 'follow') await new Promise((resolve) => setTimeout(resolve, 300))
    },
    follow: () => act('follow'),
    health: () => act('health') ?? { state: 'ready' },
    stop() { setTimeout(onStop, 100); return act('stop') },
  }
} }`,
  transport: `
export default { ${BASE} kind: 'transport', name: 'transport', redelivers: true, subscription: { type: 'object' }, open() {
  let stopped = false
  return {
    async subscribe(options, intake, { input }) {
      await act('subscribe')
      return {
        async start() {
          await act('start')
          globalThis.zoo.set(FOLDER + ' ' + input, intake)
          if (DOES !== 'delivers after it') return
          const timer = setInterval(() => {
            if (!stopped) return
            clearInterval(timer)
            setTimeout(() => void intake.deliver({ body: Buffer.from('[1000]') }).catch(() => {}), 100)
          }, 10)
        },
        stop: () => act('stop of a subscription'),
      }
    },
    stop() { stopped = true; return act('stop') },
  }
} }`,
}
