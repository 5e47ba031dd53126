import { randomUUID } from 'node:crypto'
import { dirname, join, resolve, sep } from 'node:path'
import type { Logger } from 'pino'
import type { Kind } from '@smart-gateway/sdk'
import { GatewayError } from '../errors.ts'
import type { PluginPackage } from './manifest.ts'
import { installFromNpm } from './npm.ts'
import type { NpmRules } from './npm.ts'
import { packagesIn, Shelf } from './shelf.ts'
import type { About, Placed } from './shelf.ts'
import type { PluginSource } from './source.ts'
import { AGREE_MS, settledTree } from './settled-tree.ts'
import { Trees } from './trees.ts'

/** A plugin where it is installed, and what its code is now. */
export interface Installed extends Pick<Placed, 'content' | 'stamp'> {
  readonly folder: string
}

/** How a store keeps code. */
export interface StoreSettings {
  readonly stateFolder: string
  /** Of startup.yaml: packages are found from here. */
  readonly folder: string
  /** What holds now: how many earlier ones of each instance stay on the disk, and what may be fetched. */
  rules(): NpmRules & { readonly keep: number }
  readonly log: Logger
}

/**
 * Keeps the code of generations: each in an immutable folder of its own that holds a plugin's package with everything that it depends
 * on, so that importing it evaluates every module anew, and what npm does to the original meanwhile changes nothing.
 */
export class GenerationStore {
  readonly #settings: StoreSettings
  readonly #trees = new Trees()
  /** Folders from which this process may have imported something. */
  readonly #used = new Set<string>()
  /** The highest number from which this process may have imported something, by instance; also of one that is no more, for it may come again. */
  readonly #highest = new Map<string, number>()
  /** The instances for which code is being taken at this moment. */
  readonly #placing: string[] = []
  /** The last one that was taken of files with a stamp, of whichever instance. */
  readonly #stamps = new Map<string, Placed>()

  constructor(settings: StoreSettings) {
    this.#settings = settings
  }

  /** Takes code from its source. Rejects with SG_PLACE_FAILED or SG_NOT_ALLOWED; nothing is left behind then. */
  async place(instance: string, kind: Kind, source: PluginSource, signal: AbortSignal): Promise<Placed> {
    this.#placing.push(instance)
    try {
      if (source.kind === 'generation') return await this.#again(instance, kind, source)
      if (source.kind === 'installed' || source.kind === 'folder')
        return await this.#take(instance, kind, source, await this.#folderOf(kind, source), signal)
      const home = join(this.#home(instance), `${process.pid}-npm-${randomUUID()}`)
      try {
        const { folder, integrity } = await installFromNpm(
          source,
          home,
          { folder: this.#settings.folder, ...this.#settings.rules() },
          signal,
        )
        return await this.#take(instance, kind, source, folder, signal, integrity)
      } finally {
        await this.#trees.remove(home)
      }
    } catch (cause) {
      if (cause instanceof GatewayError && cause.code !== 'SG_STOPPING') throw cause
      throw new GatewayError('SG_PLACE_FAILED', `the code of ${instance} could not be taken`, { cause })
    } finally {
      this.#placing.splice(this.#placing.indexOf(instance), 1)
    }
  }

  /** What taking the code from where it is installed would give now; what was taken before (`known`, or another one) saves reading all of it when no file was written since. */
  async look(kind: Kind, plugin: string, known?: Placed): Promise<Installed> {
    const folder = await this.#folderOf(kind, { kind: 'installed', plugin })
    const tree = await this.#trees.read(folder, this.#settings.folder)
    const taken = known?.stamp === tree.stamp ? known : this.#stamps.get(tree.stamp)
    const content = taken?.content ?? (await this.#trees.content(tree))
    return { folder, content, stamp: tree.stamp }
  }

  /** Reads what a package says of itself. */
  manifest(folder: string, kind: Kind): Promise<PluginPackage> {
    return this.#trees.manifest(folder, kind)
  }

  /** What lies on the disk for an instance, the oldest first. */
  list(instance: string, kind: Kind): readonly Placed[] {
    return new Shelf(this.#home(instance)).list(kind)
  }

  /** Lets go of those that are not in use and have not worked for longest, and of what a crash left half done. */
  async prune(instance: string, inUse: readonly number[]): Promise<void> {
    // What is being taken is not in use yet. After the next change it is.
    if (this.#placing.includes(instance)) return
    const home = this.#home(instance)
    try {
      const { gone, stuck } = await this.#trees.prune(home, inUse, this.#settings.rules().keep)
      for (const folder of gone) this.#forgetStamps(folder)
      for (const { folder, error } of stuck) this.#isStuck(folder, error)
    } catch (error) {
      this.#settings.log.warn({ err: error }, `what is not needed any more in ${home} stays there for now`)
    }
  }

  /** Remembers that code works, and works later than all the other code of its instance. */
  async worked({ number, package: { folder } }: Placed): Promise<void> {
    try {
      await this.#trees.worked(join(folder, '../../..'), number)
    } catch (err) {
      this.#settings.log.warn({ err }, `it cannot be remembered that the code in ${folder} works`)
    }
  }

  /** Lets go of all code of an instance that is no more. */
  async forget(instance: string): Promise<void> {
    const home = this.#home(instance)
    this.#forgetStamps(home)
    await this.#trees.remove(home).catch((error: unknown) => this.#isStuck(home, error))
  }

  #forgetStamps(folder: string): void {
    for (const [stamp, placed] of this.#stamps)
      if (placed.package.folder.startsWith(folder + sep)) this.#stamps.delete(stamp)
  }

  #isStuck(folder: string, err: unknown): void {
    this.#settings.log.warn({ err }, `${folder} cannot be removed; remove it by hand`)
  }

  async #take(
    instance: string,
    kind: Kind,
    source: PluginSource,
    folder: string,
    signal: AbortSignal,
    integrity?: string,
  ): Promise<Placed> {
    const first = await settledTree(this.#trees, folder, this.#settings.folder, signal)
    const newest = await this.#trees.newest(this.#home(instance), kind)
    if (newest?.stamp === first.stamp && !this.#used.has(newest.package.folder))
      return this.#use(instance, newest)
    const equal = newest?.stamp === first.stamp ? newest : this.#stamps.get(first.stamp)
    // Where it is let go of in this very moment, the original is still there.
    const alike = equal && (await this.#alike(instance, kind, equal, source).catch(() => undefined))
    if (alike !== undefined) return alike
    // What is no plugin of that kind is not copied first.
    await this.#trees.manifest(folder, kind)
    const temporary = join(this.#home(instance), `${process.pid}-${randomUUID()}`)
    try {
      const deadlineMs = Date.now() + AGREE_MS
      for (let before = first; ;) {
        const content = await this.#trees.copy(before, packagesIn(temporary))
        const after = await settledTree(this.#trees, folder, this.#settings.folder, signal)
        if (after.stamp === before.stamp)
          return await this.#keep(instance, kind, temporary, {
            source,
            content,
            stamp: after.stamp,
            ...(integrity !== undefined && { integrity }),
          })
        if (Date.now() > deadlineMs)
          throw new Error(`${folder} is written all the time: no two readings of it agree`)
        await this.#trees.remove(temporary)
        before = after
      }
    } catch (error) {
      await this.#trees.remove(temporary)
      throw error
    }
  }

  async #again(instance: string, kind: Kind, source: PluginSource & { number: number }): Promise<Placed> {
    const before = await this.#trees.placed(this.#home(instance), source.number, kind)
    if (before === undefined)
      throw new Error(
        `code ${source.number} of ${instance} is not kept any more: ${this.#settings.rules().keep} are`,
      )
    if (!this.#used.has(before.package.folder)) return this.#use(instance, before)
    return await this.#alike(instance, kind, before, before.source)
  }

  /** Takes code that lies in another generation's folder already, be it of another instance. */
  async #alike(instance: string, kind: Kind, placed: Placed, source: PluginSource): Promise<Placed> {
    const { content, stamp, integrity } = placed
    const temporary = join(this.#home(instance), `${process.pid}-${randomUUID()}`)
    const about = { source, content, stamp, ...(integrity !== undefined && { integrity }) }
    try {
      return await this.#keep(instance, kind, temporary, about, packagesOf(placed))
    } catch (error) {
      await this.#trees.remove(temporary)
      throw error
    }
  }

  async #keep(instance: string, kind: Kind, temporary: string, about: About, like?: string): Promise<Placed> {
    const after = this.#highest.get(instance) ?? 0
    const keeping = { home: this.#home(instance), temporary, kind, about, after, like }
    return this.#use(instance, await this.#trees.keep(keeping))
  }

  #use(instance: string, placed: Placed): Placed {
    this.#highest.set(instance, Math.max(placed.number, this.#highest.get(instance) ?? 0))
    this.#used.add(placed.package.folder)
    this.#stamps.set(placed.stamp, placed)
    return placed
  }

  async #folderOf(
    kind: Kind,
    source: PluginSource & { readonly kind: 'installed' | 'folder' },
  ): Promise<string> {
    const { folder } = this.#settings
    return source.kind === 'folder'
      ? resolve(folder, source.path)
      : await this.#trees.find(source.plugin, kind, folder)
  }

  #home(instance: string): string {
    return join(this.#settings.stateFolder, 'generations', instance)
  }
}

/** The folder with the packages of code, of which the plugin's own is one. */
function packagesOf({ package: { folder } }: Placed): string {
  return dirname(folder)
}
