import type { Logger } from 'pino'
import type { Kind } from '@smart-gateway/sdk'
import type { InstanceSpec } from '../config/configuration.ts'
import { GatewayError, reasonOf } from '../errors.ts'
import type { GenerationStore } from './generations.ts'
import type { PluginPackage } from './manifest.ts'
import type { Pin } from './pin.ts'
import type { Placed } from './shelf.ts'
import type { PluginSource } from './source.ts'

/** The code of a generation: where it lies, and what it is. */
export interface Code {
  readonly package: PluginPackage
  /** Undefined when it could not be placed in a folder of its own, and is imported from where it is installed. */
  readonly placed: Placed | undefined
  /** A digest of code that is imported from where it is installed, as it was then. */
  readonly content?: string | undefined
}

/** Which code each instance runs: what is installed, or what was swapped in by hand. */
export class Codes {
  readonly #store: GenerationStore
  readonly #pins: Map<string, Pin>
  readonly #log: Logger

  constructor(store: GenerationStore, pins: Readonly<Record<string, Pin>>, log: Logger) {
    this.#store = store
    this.#pins = new Map(Object.entries(pins))
    this.#log = log
  }

  /** What was swapped in by hand, by instance. */
  get pins(): Readonly<Record<string, Pin>> {
    return Object.fromEntries(this.#pins)
  }

  /** The code that an instance begins with. Rejects when there is none. */
  async first(kind: Kind, spec: InstanceSpec, signal: AbortSignal): Promise<Code> {
    const pin = this.#pins.get(spec.name)
    if (pin !== undefined && (await this.#installed(kind, spec)) !== pin.installed) this.unpin(spec.name)
    try {
      return await this.place(spec.name, kind, this.sourceOf(spec.name, spec), signal)
    } catch (error) {
      if (signal.aborted) throw error
      if (this.#pins.has(spec.name)) {
        this.#log.warn(
          { component: spec.name },
          `what was swapped in is not there any more: ${reasonOf(error)}`,
        )
        this.unpin(spec.name)
        return await this.first(kind, spec, signal)
      }
      if (!isForWantOfRoom(error)) throw error
      this.#log.warn(
        { component: spec.name },
        `its code is imported from where it is installed, do not change that while it runs: ${reasonOf(error)}`,
      )
      return { package: spec.package, placed: undefined, content: await this.#installed(kind, spec) }
    }
  }

  /** Takes code from a source into a folder of its own. */
  async place(name: string, kind: Kind, source: PluginSource, signal: AbortSignal): Promise<Code> {
    const placed = await this.#store.place(name, kind, source, signal)
    return { package: placed.package, placed }
  }

  /** Where the code of an instance shall come from. */
  sourceOf(name: string, { plugin }: InstanceSpec): PluginSource {
    const pin = this.#pins.get(name)
    return pin?.plugin === plugin ? { kind: 'generation', number: pin.number } : { kind: 'installed', plugin }
  }

  /** Why an instance should get what is installed now; undefined when that is what it has, or what it had when other code was swapped in. */
  async newer(kind: Kind, spec: InstanceSpec, code: Code | undefined): Promise<string | undefined> {
    if (code === undefined) return undefined
    const pin = this.#pins.get(spec.name)
    try {
      const { content, folder } = await this.#store.look(
        kind,
        spec.plugin,
        pin === undefined ? code.placed : undefined,
      )
      const { version } = code.package
      const known = pin === undefined ? (code.placed?.content ?? code.content) : pin.installed
      if (content === known) return undefined
      const found = await this.#store.manifest(folder, kind)
      return version === found.version
        ? `the code that is installed changed (version ${version})`
        : `version ${found.version} is installed, ${version} runs`
    } catch {
      // What cannot be read is no reason to leave what works.
      return undefined
    }
  }

  /** Remembers over a restart that an instance runs code that was swapped in. */
  async pin(name: string, kind: Kind, spec: InstanceSpec, code: Code, source: PluginSource): Promise<void> {
    if (source.kind === 'installed') this.unpin(name)
    else await this.hold(name, kind, spec, code)
  }

  /** Remembers over a restart that an instance runs this code, whatever is installed now. */
  async hold(name: string, kind: Kind, spec: InstanceSpec, { placed }: Code): Promise<void> {
    if (placed === undefined) return this.unpin(name)
    const installed = await this.#installed(kind, spec)
    if (installed === placed.content) this.unpin(name)
    else this.#pins.set(name, { plugin: spec.plugin, number: placed.number, installed })
  }

  /** What is installed is what the instance shall run again. */
  unpin(name: string): void {
    this.#pins.delete(name)
  }

  /** The code that an instance had before what it has. Throws SG_NO_EARLIER_CODE. */
  before(name: string, kind: Kind, code: Code | undefined): PluginSource {
    const now = code?.placed
    // In the order in which they worked, not in which they were taken: what comes back may lie in the folder that it lay in.
    const earlier = this.#store
      .list(name, kind)
      .filter(({ worked, content }) => worked !== undefined && content !== now?.content)
      .toSorted((a, b) => a.worked! - b.worked!)
      .at(-1)
    if (earlier === undefined)
      throw new GatewayError('SG_NO_EARLIER_CODE', `no earlier code of ${name} is kept`)
    return { kind: 'generation', number: earlier.number }
  }

  /** Takes note that code works: one can go back to it. */
  async worked({ placed }: Code): Promise<void> {
    if (placed !== undefined) await this.#store.worked(placed)
  }

  /** Lets go of code that no instance needs any more. */
  async prune(name: string, code: Code | undefined): Promise<void> {
    const inUse = [code?.placed?.number, this.#pins.get(name)?.number].filter(
      (number) => number !== undefined,
    )
    await this.#store.prune(name, inUse)
  }

  /** Lets go of all that is kept for an instance that is no more. */
  async forget(name: string): Promise<void> {
    this.unpin(name)
    await this.#store.forget(name)
  }

  async #installed(kind: Kind, { plugin }: InstanceSpec): Promise<string | undefined> {
    try {
      return (await this.#store.look(kind, plugin)).content
    } catch {
      return undefined
    }
  }
}

/** Whether the state folder cannot be written. */
function isForWantOfRoom(error: unknown): boolean {
  for (let at = error as NodeJS.ErrnoException | undefined; at !== undefined; at = at.cause as typeof at)
    if (['EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'EPERM', 'ENOTDIR'].includes(at.code ?? '')) return true
  return false
}
