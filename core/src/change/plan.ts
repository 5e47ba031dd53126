import type { Kind } from '@smart-gateway/sdk'
import { withArticle } from '../article.ts'
import { filtersOf } from '../config/configuration.ts'
import type { Configuration, InputSpec, InstanceSpec } from '../config/configuration.ts'
import { formatProblem } from '../config/problem.ts'
import type { Problem } from '../config/problem.ts'
import { differences } from './differences.ts'

/** What a change does with one instance. */
export type Step = Named &
  (
    | { readonly does: 'kept' }
    | { readonly does: 'removed' }
    | { readonly does: 'refused' }
    | { readonly does: 'updated'; readonly spec: InstanceSpec }
    | { readonly does: 'replaced'; readonly spec: InstanceSpec }
    | { readonly does: 'added'; readonly spec: InstanceSpec }
  )

interface Named {
  readonly name: string
  readonly kind: Kind
  /** One sentence for a person. */
  readonly why: string
}

/** An instance that runs. */
export interface Running {
  readonly name: string
  readonly kind: Kind
  readonly spec: InstanceSpec
  /** The version that works, or is tried. */
  readonly version: string
}

/** What shall run. */
export interface Wanted {
  readonly configuration: Configuration
  /** Instances that the configuration describes wrongly: they go on as they are. */
  readonly refused: ReadonlyMap<string, { readonly kind: Kind; readonly problems: readonly Problem[] }>
  /** Why the code of an instance has to be loaded anew although its description did not change; undefined: it has not. */
  newCode(running: Running): string | undefined
}

/** Compares what runs with what shall run: one step for each instance of either, in the order in which they stand. */
export function planOf(
  running: readonly Running[],
  { configuration, refused, newCode }: Wanted,
): readonly Step[] {
  const wanted = wantedOf(configuration)
  const goOn = running.filter(({ kind, name }) => refused.get(name)?.kind === kind)
  const there = (kind: Kind): ReadonlySet<string> =>
    new Set(
      [...wanted.map(({ kind, spec: { name } }) => ({ kind, name })), ...goOn].flatMap((one) =>
        one.kind === kind ? one.name : [],
      ),
    )
  const transports = there('transport')
  const filters = there('filter')
  const steps: Step[] = []
  for (const one of running) {
    if (isWanted(one, wanted)) continue
    const refusal = refused.get(one.name)
    const user =
      one.kind === 'filter' ? goOn.find(({ spec }) => filtersOf(spec).includes(one.name)) : undefined
    if (refusal?.kind === one.kind) {
      steps.push({
        ...of(one),
        does: 'refused',
        why: `${sentenceOf(refusal.problems)}; it goes on as it was`,
      })
    } else if (user !== undefined) {
      steps.push({ ...of(one), does: 'refused', why: `${user.name} goes on as it was, and needs it` })
    } else {
      const other = wanted.find(({ spec }) => spec.name === one.name)?.kind
      const why =
        other === undefined ? 'it is no longer in the configuration' : `it is ${withArticle(other)} now`
      steps.push({ ...of(one), does: 'removed', why })
    }
  }
  for (const { kind, spec } of wanted) {
    const before = running.find((one) => one.name === spec.name && one.kind === kind)
    const missing =
      (kind === 'input' ? missingTransport(spec as InputSpec, transports) : undefined) ??
      missingFilter(spec, filters)
    if (missing !== undefined)
      steps.push({ name: spec.name, kind, does: 'refused', why: `its ${missing} was refused` })
    else steps.push(before === undefined ? added(kind, spec) : compared(before, spec, newCode(before)))
  }
  for (const [name, { kind, problems }] of refused)
    if (!running.some((one) => one.name === name && one.kind === kind))
      steps.push({ name, kind, does: 'refused', why: `${sentenceOf(problems)}; it is not started` })
  return steps
}

/** What of a spec is the host's own, and changes while it runs; the rest is the plugin's: another value of it takes a new generation. */
const HOSTS: Readonly<Record<Kind, readonly string[]>> = {
  transport: [],
  input: ['from', 'filters'],
  filter: [],
  output: ['from', 'signals', 'filters', 'required', 'queue', 'batch', 'retry'],
}

function partsOf(
  kind: Kind,
  { name: _, package: __, ...spec }: InstanceSpec,
): { readonly hosts: object; readonly own: object } {
  const entries = Object.entries(spec)
  const isHosts = ([key]: readonly [string, unknown]): boolean => HOSTS[kind].includes(key)
  return {
    hosts: Object.fromEntries(entries.filter(isHosts)),
    own: Object.fromEntries(entries.filter((entry) => !isHosts(entry))),
  }
}

function compared(before: Running, spec: InstanceSpec, newCode: string | undefined): Step {
  const { kind } = before
  const [was, is] = [partsOf(kind, before.spec), partsOf(kind, spec)]
  const own = changed(was.own, is.own)
  const hosts = changed(was.hosts, is.hosts)
  const reasons = [...own, ...(newCode === undefined ? [] : [newCode]), ...hosts]
  if (reasons.length === 0) return { name: spec.name, kind, does: 'kept', why: 'nothing of it changed' }
  const step = { name: spec.name, kind, why: reasons.join(', '), spec }
  return own.length > 0 || newCode !== undefined
    ? { ...step, does: 'replaced' }
    : { ...step, does: 'updated' }
}

function changed(before: object, after: object): readonly string[] {
  return [
    ...new Set(
      differences(before, after).map(
        (path) => `${path.replace(/^files$/, 'the content of a file in its options')} changed`,
      ),
    ),
  ]
}

function added(kind: Kind, spec: InstanceSpec): Step {
  return { name: spec.name, kind, does: 'added', why: 'it is new in the configuration', spec }
}

function wantedOf({
  transports,
  filters,
  inputs,
  outputs,
}: Configuration): readonly { kind: Kind; spec: InstanceSpec }[] {
  return [
    ...transports.map((spec) => ({ kind: 'transport' as const, spec })),
    ...filters.map((spec) => ({ kind: 'filter' as const, spec })),
    ...inputs.map((spec) => ({ kind: 'input' as const, spec })),
    ...outputs.map((spec) => ({ kind: 'output' as const, spec })),
  ]
}

function isWanted({ name, kind }: Running, wanted: ReturnType<typeof wantedOf>): boolean {
  return wanted.some((one) => one.kind === kind && one.spec.name === name)
}

function missingTransport({ from }: InputSpec, transports: ReadonlySet<string>): string | undefined {
  return from === undefined || transports.has(from.transport) ? undefined : `transport ${from.transport}`
}

function missingFilter(spec: InstanceSpec, filters: ReadonlySet<string>): string | undefined {
  const missing = filtersOf(spec).find((name) => !filters.has(name))
  return missing && `filter ${missing}`
}

function of({ name, kind }: Running): { name: string; kind: Kind } {
  return { name, kind }
}

function sentenceOf(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('; ')
}
