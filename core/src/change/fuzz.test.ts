import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { makeBench, viewOf } from '../testing/bench.ts'
import { writePlugin } from '../testing/plugin-folder.ts'
import { decoder, makeHand, makeShelf } from '../testing/sessions.ts'

const EDITS = 80

type Json = Record<string, unknown>
type Random = () => number

/** What never has a mistake and must never be touched. */
const SOUND = ['hand', 'sieve', 'numbers', 'shelf']

test.each([1, 2, 3])(
  'seed %i: fuzzed edits under load never touch a sound instance, never end the process, and lose nothing',
  async (seed) => {
    const random = seededRandom(seed)
    const bench = await makeBench()
    const [hand, shelf] = [makeHand(), makeShelf()]
    const sound = {
      transports: { hand: { plugin: bench.plugin('transport', 'hand', hand.open) } },
      filters: { sieve: { plugin: bench.plugin('filter', 'sieve', () => ({ apply: (batch) => batch })) } },
      inputs: {
        numbers: {
          plugin: bench.plugin('input', 'numbers', decoder()),
          from: { transport: 'hand' },
          filters: ['sieve'],
        },
      },
      outputs: { shelf: { plugin: bench.plugin('output', 'shelf', shelf.open), filters: ['sieve'] } },
    }
    const plugins = [
      ...['good', 'better'].map((name) => bench.plugin('output', name, makeShelf().open)),
      bench.plugin('output', 'thrower', () => {
        throw new Error('at open')
      }),
      bench.plugin('output', 'nonsense', () => ({}) as never),
      bench.plugin('output', 'unimportable', makeShelf().open, { top: `throw new Error('at import')` }),
      bench.plugin('input', 'other', decoder()),
      bench.plugin('filter', 'none', () => ({
        apply: (batch) => ({ ...batch, length: 0 }),
      })),
      bench.plugin('filter', 'picky', () => ({
        apply() {
          throw new Error('at apply')
        },
      })),
      bench.plugin('filter', 'shy', () => {
        throw new Error('at open')
      }),
      ...['process.exit(1)', `setTimeout(() => { throw new Error('later') })`].map((text, i) =>
        stranger(join(bench.folder, `stranger-${i}`), text),
      ),
      './nowhere',
    ]
    bench.write(sound)
    const gateway = bench.gatewayOfFile()
    await gateway.start()
    let sent = 0
    let sending = true
    const fates: Promise<void>[] = []
    const load = (async () => {
      while (sending) {
        fates.push(hand.deliver('numbers', sent++))
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })()
    const outcomes = new Map<string, number>()
    let extra: Json = {}
    for (let i = 0; i < EDITS; i++) {
      // Mistakes pile up; now and then a person begins anew.
      if (random() < 0.25) extra = {}
      extra = edited(extra, plugins, random)
      bench.write(random() < 0.05 ? 'outputs: [' : merged(sound, extra))
      const change = gateway.reconciler.reload('api', { atomic: random() < 0.2 })
      await change.done
      outcomes.set(change.outcome!, (outcomes.get(change.outcome!) ?? 0) + 1)
      for (const name of SOUND)
        expect(viewOf(gateway, name), `edit ${i}: ${JSON.stringify(extra)}`).toMatchObject({
          state: 'ready',
          generation: 1,
        })
    }
    sending = false
    await load
    await Promise.all(fates)
    expect(shelf.ids).toEqual(Array.from({ length: sent }, (_, i) => i))
    const { inputs, outputs } = gateway.registry
    expect(
      [...inputs.map(({ intake }) => intake.unaccounted), ...outputs.map((one) => one.unaccounted)].filter(
        (one) => one !== 0,
      ),
    ).toEqual([])
    // A run in which nothing was refused or nothing taken has tried nothing.
    expect(outcomes.get('refused') ?? 0).toBeGreaterThan(0)
    expect((outcomes.get('succeeded') ?? 0) + (outcomes.get('partly') ?? 0)).toBeGreaterThan(5)
  },
  120_000,
)

/** An output of a stranger that does something at its open. */
function stranger(folder: string, text: string): string {
  const definition = `{ api: 1, kind: 'output', name: 'x', signals: ['metric'], options: { type: 'object' }, open() { ${text}; return { async write() {} } } }`
  return writePlugin(folder, 'output', { 'index.js': `export default ${definition}` })
}

function merged(sound: Json, extra: Json): Json {
  const sections = ['transports', 'filters', 'inputs', 'outputs'].map((section) => {
    const added = extra[section]
    const isRecord = typeof added === 'object' && added !== null && !Array.isArray(added)
    return [section, isRecord ? { ...added, ...(sound[section] as Json) } : sound[section]]
  })
  return { ...Object.fromEntries(sections), ...('gateway' in extra && { gateway: extra['gateway'] }) } as Json
}

/** One edit more: instances come, go, are renamed, move to another kind, get other plugins, keys of the wrong type, keys that nobody knows. */
function edited(extra: Json, plugins: readonly string[], random: Random): Json {
  const next = structuredClone(extra)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const section = pick(['outputs', 'outputs', 'outputs', 'filters', 'filters', 'inputs', 'transports'])
  const instances = (next[section] ??= {}) as Json
  // A plugin of another kind is a mistake that must not hide all others.
  const fitting = plugins.filter((folder) => folder.includes(`/${section.slice(0, -1)}-`))
  const plugin = (): string => pick(fitting.length > 0 && random() < 0.7 ? fitting : plugins)
  const names = Object.keys(instances)
  const name = pick(names.length === 0 ? ['a'] : names)
  const act = pick([
    'add',
    'add',
    'plugin',
    'options',
    'drop',
    'rename',
    'retype',
    'key',
    'type',
    'route',
    'queue',
    'filters',
  ])
  const one = instances[name] as Json | undefined
  if (act === 'add' || one === undefined)
    instances[pick(['a', 'b', 'c', 'd'])] = {
      plugin: plugin(),
      required: false,
      ...(section === 'inputs' && { from: { transport: pick(['hand', 'gone']) } }),
      ...(section !== 'outputs' && { required: undefined }),
    }
  else if (act === 'plugin') one['plugin'] = plugin()
  else if (act === 'options') one['options'] = { depth: Math.floor(random() * 3) }
  else if (act === 'drop') delete instances[name]
  else if (act === 'rename') {
    delete instances[name]
    instances[pick(['e', 'f', 'not a name'])] = one
  } else if (act === 'retype') {
    delete instances[name]
    const other = (next[pick(['outputs', 'inputs', 'filters'])] ??= {}) as Json
    other[name] = one
  } else if (act === 'key') one[pick(['colour', 'pluginn'])] = 1
  else if (act === 'type') one[pick(['plugin', 'options', 'queue', 'from'])] = pick([5, null, 'x', []])
  else if (act === 'route') one['from'] = pick([['numbers'], ['nobody'], undefined])
  else if (act === 'filters')
    one['filters'] = pick([['a'], ['b', 'c'], ['sieve'], ['sieve', 'd'], ['nobody'], 'a', undefined])
  else one['queue'] = { max: pick(['1MiB', '2MiB', 'many']) }
  return next
}
