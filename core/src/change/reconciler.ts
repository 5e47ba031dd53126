import type { Configuration, InstanceSpec } from '../config/configuration.ts'
import type { Problem } from '../config/problem.ts'
import { formatProblem } from '../config/problem.ts'
import { readConfiguration } from '../config/reading.ts'
import type { ConfigSource, Reading } from '../config/reading.ts'
import { GatewayError } from '../errors.ts'
import type { Codes } from '../plugins/codes.ts'
import { sourceInWords } from '../plugins/source.ts'
import type { PluginSource } from '../plugins/source.ts'
import type { Entry, Registry } from '../registry/registry.ts'
import { carryOut } from './carry-out.ts'
import type { Manner } from './carry-out.ts'
import type { Change, Former, Trigger } from './change.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Board } from './move.ts'
import type { Changes } from './changes.ts'
import { planOf } from './plan.ts'
import type { Running, Step } from './plan.ts'

/** What a reconciler works on. */
export interface Parts {
  /** Where the desired configuration is read, each time anew. */
  readonly source: ConfigSource
  readonly environment: NodeJS.ProcessEnv
  readonly registry: Registry
  readonly codes: Codes
  readonly changes: Changes
  /** What the gateway itself is told. */
  readonly settings: LiveSettings
  /** Instances that leave in the change under way. */
  readonly leaving: Set<string>
  drainMs(): number
  /** Told before something that runs may be touched. */
  touching(): void
  /** Told of what was read, before anything of it is carried out. */
  read(reading: Reading): void
  /** Told of secrets, before anything is said of them. */
  learned(secrets: readonly string[]): void
  /** Told when something that the configuration says was undone. */
  thrownOut(undoing: Change): void
  /** Told when a change is over, with the reading that it was made from. */
  changed(change: Change, reading: Reading | undefined): Promise<void>
}

/** How a swap is wished for. */
export interface Wish {
  readonly trigger?: Trigger
  /** How long the new generation runs on a copy of the traffic before it takes over; the swap is refused unless all comes out alike. */
  readonly shadowMs?: number
}

/** What a plan would do. */
export interface Plan {
  readonly steps: readonly Step[]
  /** What of the gateway itself differs, in words. */
  readonly settings: readonly string[]
  readonly problems: readonly Problem[]
}

/** Makes what runs what it shall be: every change of a gateway is asked for here, and takes its turn. */
export class Reconciler {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Reads the configuration anew and carries out what differs. */
  reload(trigger: Trigger, { atomic = false }: { readonly atomic?: boolean } = {}): Change {
    const { changes } = this.#parts
    return changes.add(trigger, 'reload of the configuration', async (change, signal) => {
      const { reading, steps, settings, problems, fresh } = await this.#plan()
      this.#parts.read(reading)
      change.problems.push(...problems.map(formatProblem))
      change.plan(steps, settings)
      const { configuration } = reading
      if (configuration !== undefined && problems.length === 0) {
        const { codes } = this.#parts
        const sourceOf = (name: string, spec: InstanceSpec): PluginSource =>
          fresh.includes(name) ? { kind: 'installed', plugin: spec.plugin } : codes.sourceOf(name, spec)
        await this.#carryOut(change, { atomic, signal, sourceOf })
        for (const { step, result } of change.steps)
          if (result === 'done' && fresh.includes(step.name)) codes.unpin(step.name)
        if (!atomic || change.steps.every(({ result }) => result === 'done'))
          change.tookSettings = this.#parts.settings.take(configuration.gateway)
      }
      await this.#parts.changed(change, reading)
    })
  }

  /** What a reload would do now; nothing is done. */
  async plan(): Promise<Plan> {
    const { steps, settings, problems } = await this.#plan()
    return { steps, settings, problems }
  }

  /** Puts new code behind an instance, its configuration being what it is. Throws SG_UNKNOWN_INSTANCE. */
  swap(name: string, source: PluginSource, wish: Wish = {}): Change {
    return this.#swap(name, sourceInWords(source), () => source, wish)
  }

  #swap(
    name: string,
    words: string,
    sourceNow: () => PluginSource,
    { trigger = 'api', shadowMs = 0 }: Wish,
  ): Change {
    this.#entry(name)
    const shadowed = shadowMs > 0 ? `, in shadow for ${shadowMs / 1000} s first` : ''
    const what = `swap of ${name} to ${words}${shadowed}`
    const { changes, codes } = this.#parts
    return changes.add(trigger, what, async (change, signal) => {
      // A change that came first may have taken it away, and brought another one of the same name.
      const entry = this.#entry(name)
      const source = sourceNow()
      const step: Step = { ...stepOf(entry), does: 'replaced', why: `asked for: ${sourceInWords(source)}` }
      change.plan([step])
      await this.#carryOut(change, { atomic: true, signal, shadowMs, sourceOf: () => source })
      const { kind, spec, code } = entry.instance
      if (change.steps[0]?.result === 'done' && code !== undefined)
        await codes.pin(name, kind, spec, code, source)
      await this.#parts.changed(change, undefined)
    })
  }

  /** Puts the code back that an instance had before its last one; it lies on the disk. Throws SG_UNKNOWN_INSTANCE or SG_NO_EARLIER_CODE. */
  rollback(name: string, trigger: Trigger = 'api'): Change {
    const { codes, changes } = this.#parts
    const before = (): PluginSource => {
      const { kind, code } = this.#entry(name).instance
      return codes.before(name, kind, code)
    }
    // What a change that waits will have put there is not known yet.
    if (changes.isIdle) before()
    return this.#swap(name, 'what it had before', before, { trigger })
  }

  /** Puts back what an instance was before: its description and its code. Throws SG_UNKNOWN_INSTANCE. */
  undo(name: string, { spec, code }: Former, why: string): Change {
    const entry = this.#entry(name)
    const { spec: blamed, code: blamedCode } = entry.instance
    const isThere = (): boolean =>
      this.#parts.registry.entries.includes(entry) &&
      entry.instance.spec === blamed &&
      entry.instance.code === blamedCode
    return this.#parts.changes.add(
      'probation',
      `return of ${name} to what it was`,
      async (change, signal) => {
        // A change that came first has replaced what is to blame already.
        if (!isThere()) return change.plan([])
        change.plan([{ ...stepOf(entry), spec, does: 'replaced', why }])
        await this.#carryOut(change, { atomic: true, signal, sourceOf: () => code })
        if (change.steps[0]?.result === 'done') {
          await this.#parts.codes.hold(name, entry.instance.kind, spec, code)
          // Code that was swapped in by hand says nothing of the configuration.
          if (spec !== blamed) this.#parts.thrownOut(change)
        }
        await this.#parts.changed(change, undefined)
      },
    )
  }

  #entry(name: string): Entry {
    const entry = this.#parts.registry.entries.find(({ spec }) => spec.name === name)
    if (entry === undefined) throw new GatewayError('SG_UNKNOWN_INSTANCE', `there is no instance "${name}"`)
    return entry
  }

  async #plan(): Promise<Plan & { readonly reading: Reading; readonly fresh: readonly string[] }> {
    const { source, environment, registry, codes } = this.#parts
    const reading = readConfiguration(source, environment)
    const { configuration, refused, problems } = reading
    this.#parts.learned(configuration?.secrets ?? [])
    if (configuration === undefined) return { reading, steps: [], settings: [], problems, fresh: [] }
    const news = new Map<string, string>()
    for (const { instance, spec } of registry.entries) {
      const wanted = specOf(configuration, instance.kind, spec.name)
      const why = wanted && (await codes.newer(instance.kind, wanted, instance.code))
      if (why !== undefined) news.set(spec.name, why)
    }
    const steps = planOf(registry.entries.map(runningOf), {
      configuration,
      refused,
      newCode: ({ name }) => news.get(name),
    })
    const settings = this.#parts.settings.compare(configuration.gateway)
    return { reading, steps, settings, problems, fresh: [...news.keys()] }
  }

  async #carryOut(
    change: Change,
    { sourceOf, shadowMs = 0, ...manner }: Pick<Board, 'sourceOf'> & Manner & { readonly shadowMs?: number },
  ): Promise<void> {
    const { registry, codes, leaving, drainMs } = this.#parts
    if (change.steps.some(({ step }) => step.does !== 'kept' && step.does !== 'refused'))
      this.#parts.touching()
    await carryOut(change, { registry, codes, leaving, drainMs: drainMs(), sourceOf, shadowMs }, manner)
    const planned = new Set(change.steps.map(({ step }) => step.name))
    for (const { instance, spec } of registry.entries)
      if (planned.has(spec.name)) await codes.prune(spec.name, instance.code)
    const names = new Set(registry.entries.map(({ spec }) => spec.name))
    for (const { step, result } of change.steps)
      if (step.does === 'removed' && result === 'done' && !names.has(step.name)) await codes.forget(step.name)
  }
}

function runningOf({ instance, spec }: Entry): Running {
  const version = (instance.code?.package ?? spec.package).version
  return { name: spec.name, kind: instance.kind, spec, version }
}

function stepOf({ instance, spec }: Entry): Pick<Running, 'name' | 'kind' | 'spec'> {
  return { name: spec.name, kind: instance.kind, spec }
}

function specOf(
  { transports, filters, inputs, outputs }: Configuration,
  kind: Running['kind'],
  name: string,
): InstanceSpec | undefined {
  const all: Readonly<Record<Running['kind'], readonly InstanceSpec[]>> = {
    transport: transports,
    filter: filters,
    input: inputs,
    output: outputs,
  }
  return all[kind].find((spec) => spec.name === name)
}
