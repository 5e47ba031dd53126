import { pick } from '@smart-gateway/sdk/testing'

type Json = Record<string, unknown>
type Random = () => number

/** A part of startup.yaml: instances by section. Mistakes may be anywhere in it. */
export type Extra = Readonly<Record<string, Json>>

/** What an edit may name. */
export interface Pool {
  /** Outputs as they are named, with sound options. */
  readonly outputs: readonly Json[]
  readonly inputs: readonly Json[]
  readonly transports: readonly Json[]
}

type Act = (instances: Json, name: string, context: Context) => void

interface Context {
  readonly section: Section
  readonly pool: Pool
  readonly next: Record<string, Json>
  readonly random: Random
}

type Section = keyof Pool

/** One edit more of somebody who is not careful: instances come, go, are renamed, move, get other plugins, wrong values, unknown keys. */
export function edited(extra: Extra, pool: Pool, random: Random): Extra {
  const next = structuredClone(extra) as Record<string, Json>
  const section = pick<Section>(['outputs', 'outputs', 'outputs', 'inputs', 'transports'], random)
  const instances = (next[section] ??= {})
  const name = pick(Object.keys(instances), random) as string | undefined
  if (name === undefined) add(instances, 'a', { section, pool, next, random })
  else pick(ACTS, random)(instances, name, { section, pool, next, random })
  return next
}

const add: Act = (instances, _, { section, pool, random }) => {
  const name = `${section}-${pick(['a', 'b', 'c', 'd'], random)}`
  instances[name] = structuredClone(pick(pool[section], random))
}

const ACTS: readonly Act[] = [
  add,
  add,
  function otherPlugin(instances, name, { section, pool, random }) {
    instances[name] = structuredClone(pick(pool[section], random))
  },
  function drop(instances, name) {
    delete instances[name]
  },
  function rename(instances, name, { random }) {
    const one = instances[name]
    delete instances[name]
    instances[pick(['e', 'f', 'not a name'], random)] = one
  },
  function move(instances, name, { next, random }) {
    const one = instances[name]
    delete instances[name]
    const other = (next[pick(['outputs', 'inputs'], random)] ??= {})
    other[name] = one
  },
  function unknownKey(instances, name, { random }) {
    put(instances, name, pick(['colour', 'pluginn'], random), 1)
  },
  function wrongType(instances, name, { random }) {
    const value = pick([5, null, 'x', []], random)
    put(instances, name, pick(['plugin', 'options', 'queue', 'from', 'isolation'], random), value)
  },
  function route(instances, name, { random }) {
    put(instances, name, 'from', pick([['numbers'], ['nobody'], []], random))
  },
  function queue(instances, name, { random }) {
    const max = pick(['1MiB', '2MiB', 'many'], random)
    put(instances, name, 'queue', { max, type: pick(['memory', 'disk'], random) })
  },
]

function put(instances: Json, name: string, key: string, value: unknown): void {
  const one = instances[name]
  if (typeof one === 'object' && one !== null) (one as Json)[key] = value
}
