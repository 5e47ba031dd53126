import type { InstanceSpec } from '../config/configuration.ts'
import type { PluginSource } from '../plugins/source.ts'
import { GatewayError, reasonOf } from '../errors.ts'
import type { InputSpec, OutputSpec } from '../config/configuration.ts'
import type { Code, Codes } from '../plugins/codes.ts'
import { Filter } from '../registry/filter.ts'
import { Input } from '../registry/input.ts'
import type { Prepared } from '../registry/instance.ts'
import { Output } from '../registry/output.ts'
import type { Entry, Registry } from '../registry/registry.ts'
import { Transport } from '../registry/transport.ts'
import { isClean, reportInWords } from '../shadow/report.ts'
import type { ShadowReport } from '../shadow/report.ts'
import type { Done } from './change.ts'
import type { Step } from './plan.ts'

/** One step of a plan, as something that can be done: what can fail is in `prepare`, before anything that runs is touched. */
export interface Move {
  /** Makes it ready. Rejects when it cannot be done; nothing is left behind then. */
  prepare(signal: AbortSignal): Promise<void>
  /** Does it; resolves with what a person should know of it. Rejects with everything as it was before. */
  cutOver(signal: AbortSignal): Promise<Done>
  /** Lets go of what was made ready. */
  discard(): Promise<void>
  /** Undoes what was done, as well as that can be done. */
  revert(signal: AbortSignal): Promise<void>
}

/** What moves work on. */
export interface Board {
  readonly registry: Registry
  readonly codes: Codes
  /** The names of instances that leave: what they hold may be claimed by others. */
  readonly leaving: Set<string>
  /** How long what leaves may take to drain. */
  readonly drainMs: number
  /** Where the code of an instance that is replaced shall come from, or code that was taken before. */
  sourceOf(name: string, spec: InstanceSpec): PluginSource | Code
  /** How long a new generation runs on a copy of the traffic before it takes over; 0: not at all. */
  readonly shadowMs: number
}

type SpecStep = Extract<Step, { readonly spec: InstanceSpec }>

const STOP_GRACE_MS = 5000

/** The move of a step; nothing where there is nothing to do. */
export function moveOf(step: Step, board: Board): Move | undefined {
  if (step.does === 'kept' || step.does === 'refused') return undefined
  if (step.does === 'added') return addition(step, board)
  const entry = board.registry.entries.find(
    ({ spec, instance }) => spec.name === step.name && instance.kind === step.kind,
  )
  if (entry === undefined)
    throw new GatewayError('SG_UNKNOWN_INSTANCE', `there is no instance "${step.name}"`)
  if (step.does === 'replaced') return replacement(entry, step, board)
  return step.does === 'updated' ? update(entry, step.spec, board) : removal(entry, board)
}

function addition({ name, kind, spec }: SpecStep, board: Board): Move {
  const { registry, codes } = board
  // What was swapped in under its name once was another's.
  const source: PluginSource = { kind: 'installed', plugin: spec.plugin }
  const entry = registry.make(kind, spec)
  let prepared: Prepared | undefined
  const leave = async (): Promise<void> => {
    registry.remove(entry)
    await retire(entry, 0)
  }
  return {
    async prepare(signal) {
      const code = await codes.place(name, kind, source, signal)
      prepared = await entry.instance.prepare({ spec, code, signal })
    },
    async cutOver() {
      try {
        needs(kind, spec, registry)
      } catch (error) {
        await prepared?.discard()
        throw error
      }
      try {
        await registry.add(entry)
        await prepared?.commit()
      } catch (error) {
        await leave()
        throw error
      }
      codes.unpin(name)
      return madeOf(prepared)
    },
    async discard() {
      await prepared?.discard()
    },
    revert: leave,
  }
}

function replacement(
  entry: Entry,
  { name, kind, spec }: SpecStep,
  { registry, codes, sourceOf, shadowMs }: Board,
): Move {
  const before: { spec: InstanceSpec; code: Code | undefined } = {
    spec: entry.spec,
    code: entry.instance.code,
  }
  let prepared: Prepared | undefined
  let shadow: ShadowReport | undefined
  let retried: { readonly code: Code; readonly reason: string } | undefined
  const putBack = async (signal: AbortSignal): Promise<void> => {
    if (before.code === undefined) return
    const again = await entry.instance.prepare({ spec: before.spec, code: before.code, signal })
    await again.commit()
    await settle(entry, before.spec, registry)
  }
  return {
    async prepare(signal) {
      const source = sourceOf(name, spec)
      const code = isCode(source) ? source : await codes.place(name, kind, source, signal)
      try {
        prepared = await entry.instance.prepare({ spec, code, signal })
      } catch (error) {
        // What does not work anyway takes the new description, and is tried again with it: its peer may only be away.
        if (entry.instance.live !== undefined || shadowMs > 0) throw error
        retried = { code, reason: reasonOf(error) }
      }
      if (shadowMs > 0 && prepared !== undefined) shadow = await shadowOf(prepared, shadowMs)
    },
    async cutOver(signal) {
      try {
        registry.needFilters(spec)
      } catch (error) {
        await prepared?.discard()
        throw error
      }
      if (retried !== undefined) await entry.instance.restart(spec, retried.code)
      await prepared?.commit()
      try {
        await settle(entry, spec, registry)
      } catch (error) {
        // It works with its new options, and shall not without the rest of its description.
        if (prepared !== undefined) await putBack(signal)
        throw error
      }
      if (retried !== undefined && entry.instance.live === undefined)
        return { note: `it does not open yet and is tried again: ${retried.reason}` }
      const { spec: was, code } = before
      return {
        ...madeOf(prepared),
        ...(shadow !== undefined && { note: reportInWords(shadow) }),
        ...(code !== undefined && { former: { spec: was, code } }),
      }
    },
    async discard() {
      await prepared?.discard()
    },
    revert: putBack,
  }
}

/** Has a generation run on a copy of the traffic. Rejects, with nothing left of it, unless all came out alike. */
async function shadowOf(prepared: Prepared, shadowMs: number): Promise<ShadowReport> {
  try {
    const report = await prepared.shadow(shadowMs)
    if (!isClean(report)) throw new GatewayError('SG_SHADOW_DIFFERS', reportInWords(report))
    return report
  } catch (error) {
    await prepared.discard()
    throw error
  }
}

/** Throws when what an instance is fed by, or what it is filtered by, is not there. */
function needs(kind: Step['kind'], spec: InstanceSpec, registry: Registry): void {
  const from = kind === 'input' ? (spec as InputSpec).from?.transport : undefined
  if (from !== undefined && registry.transport(from) === undefined)
    throw new GatewayError('SG_NO_FROM', `its transport ${from} is not there`)
  registry.needFilters(spec)
}

function isCode(source: PluginSource | Code): source is Code {
  return 'package' in source
}

function madeOf(prepared: Prepared | undefined): Done {
  return prepared === undefined ? {} : { generation: prepared.generation, version: prepared.version }
}

function update(entry: Entry, spec: InstanceSpec, { registry }: Board): Move {
  const before = entry.spec
  return {
    async prepare() {},
    async cutOver() {
      await settle(entry, spec, registry)
      return {}
    },
    async discard() {},
    revert: () => settle(entry, before, registry),
  }
}

function removal(entry: Entry, { registry, drainMs }: Board): Move {
  return {
    async prepare() {},
    async cutOver() {
      const users = entry instanceof Filter ? registry.usersOf(entry) : []
      if (users.length > 0)
        throw new GatewayError('SG_NO_FILTER', `it stays: ${users.join(' and ')} would have to wait for it`)
      // An input decodes and hands on what it has taken; an output is fed nothing more from now on.
      if (!(entry instanceof Input)) registry.remove(entry)
      const note = await retire(entry, drainMs)
      if (entry instanceof Input) registry.remove(entry)
      await registry.forget(entry)
      return { note }
    },
    async discard() {},
    async revert() {},
  }
}

/** Brings what the host itself does for an instance to what its spec says. */
async function settle(entry: Entry, spec: InstanceSpec, registry: Registry): Promise<void> {
  registry.needFilters(spec)
  if (entry instanceof Output) await entry.update(spec as OutputSpec)
  else if (entry instanceof Input) await registry.updateInput(entry, spec as InputSpec)
  else entry.update(spec)
}

async function retire(entry: Entry, drainMs: number): Promise<string | undefined> {
  if (entry instanceof Transport || entry instanceof Filter) {
    await entry.instance.stop(STOP_GRACE_MS)
    return undefined
  }
  const left = await entry.retire(drainMs)
  await entry.instance.stop(STOP_GRACE_MS)
  const told = Object.entries<number>(left).filter(([, count]) => count > 0)
  return told.length === 0
    ? undefined
    : told.map(([fate, count]) => `${count} ${WORDS[fate] ?? fate}`).join(', ')
}

const WORDS: Readonly<Record<string, string>> = {
  returned: 'given back',
  dropped: 'dropped',
  onDisk: 'records stay in its disk queue',
}
