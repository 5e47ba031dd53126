import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Kind } from '@smart-gateway/sdk'
import { GatewayError } from '../errors.ts'
import { readManifest } from './manifest.ts'
import type { PluginPackage } from './manifest.ts'
import { installFromNpm } from './npm.ts'
import type { NpmRules } from './npm.ts'
import { findPlugin } from './resolve.ts'
import type { PluginSource } from './source.ts'
import { AGREE_MS, settledTree } from './settled-tree.ts'
import { Trees } from './trees.ts'

/** Code that lies in a folder of its own, which nobody changes any more. */
export interface Placed {
  /** Of the folder: counts up for each instance, also over restarts. */
  readonly number: number
  readonly package: PluginPackage
  readonly source: PluginSource
  /** A digest of all that it is: equal code, equal content. */
  readonly content: string
  /** Of the files that it was taken from, when it was taken: equal stamp, equal content. */
  readonly stamp: string
  /** Its turn among the code of its instance: the higher, the later a generation began to work with it; undefined: none ever did. */
  readonly worked: number | undefined
  /** As npm has it: of what was fetched. */
  readonly integrity?: string
}

/** What is written down of code beside it. */
type About = Omit<Placed, 'number' | 'package' | 'worked'>

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
  /** The last one that was taken of files with a stamp, of whichever instance. */
  readonly #stamps = new Map<string, Placed>()

  constructor(settings: StoreSettings) {
    this.#settings = settings
  }

  /** Takes code from its source. Rejects with SG_PLACE_FAILED or SG_NOT_ALLOWED; nothing is left behind then. */
  async place(instance: string, kind: Kind, source: PluginSource, signal: AbortSignal): Promise<Placed> {
    try {
      if (source.kind === 'generation') return await this.#again(instance, kind, source)
      if (source.kind === 'installed' || source.kind === 'folder')
        return await this.#take(instance, kind, source, this.#folderOf(kind, source), signal)
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
    }
  }

  /** What taking the code from where it is installed would give now; what was taken before (`known`, or another one) saves reading all of it when no file was written since. */
  async look(
    kind: Kind,
    plugin: string,
    known?: Placed,
  ): Promise<Pick<Placed, 'content' | 'stamp' | 'package'>> {
    const folder = this.#folderOf(kind, { kind: 'installed', plugin })
    const tree = await this.#trees.read(folder, this.#settings.folder)
    const taken = known?.stamp === tree.stamp ? known : this.#stamps.get(tree.stamp)
    const content = taken?.content ?? (await this.#trees.content(tree))
    return { content, stamp: tree.stamp, package: readManifest(folder, kind) }
  }

  /** What lies on the disk for an instance, the oldest first. */
  list(instance: string, kind: Kind): readonly Placed[] {
    return numbersIn(this.#home(instance)).flatMap((number) => this.#read(instance, kind, number) ?? [])
  }

  /** Lets go of those that are not in use and have not worked for longest, and of what a crash left half done. */
  async prune(instance: string, inUse: ReadonlySet<number>): Promise<void> {
    const home = this.#home(instance)
    if (!existsSync(home)) return
    const numbers = numbersIn(home)
    const unused = numbers
      .filter((number) => !inUse.has(number))
      .map((number) => ({ number, turn: turnOf(home, number) }))
      .toSorted((a, b) => (a.turn ?? 0) - (b.turn ?? 0))
    // What never worked is nothing to go back to.
    const worked = unused.filter(({ turn }) => turn !== undefined)
    const gone = [
      ...unused.filter(({ turn }) => turn === undefined),
      ...worked.slice(0, Math.max(0, worked.length - this.#settings.rules().keep)),
    ].map(({ number }) => String(number))
    const broken = readdirSync(home).filter(
      (name) => !numbers.map(String).includes(name) && !isOfThisProcess(name),
    )
    for (const name of [...gone, ...broken])
      await this.#trees
        .remove(join(home, name))
        .catch((err: unknown) =>
          this.#settings.log.warn({ err }, `${join(home, name)} cannot be removed; remove it by hand`),
        )
    for (const [stamp, placed] of this.#stamps)
      if (!existsSync(packagesOf(placed))) this.#stamps.delete(stamp)
  }

  /** Remembers that code works, and works later than all the other code of its instance. */
  async worked({ number, package: { folder } }: Placed): Promise<void> {
    const own = join(folder, '../..')
    const home = dirname(own)
    try {
      const others = numbersIn(home).filter((other) => other !== number)
      const last = Math.max(0, ...others.map((other) => turnOf(home, other) ?? 0))
      if ((turnOf(home, number) ?? 0) <= last) await writeFile(join(own, WORKED), String(last + 1))
    } catch (err) {
      this.#settings.log.warn({ err }, `it cannot be remembered that the code in ${folder} works`)
    }
  }

  /** Lets go of all code of an instance that is no more. */
  async forget(instance: string): Promise<void> {
    await this.#trees
      .remove(this.#home(instance))
      .catch((err: unknown) =>
        this.#settings.log.warn({ err }, `${this.#home(instance)} cannot be removed; remove it by hand`),
      )
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
    readManifest(folder, kind)
    const newest = this.list(instance, kind).at(-1)
    if (newest?.stamp === first.stamp && !this.#used.has(newest.package.folder)) return this.#use(newest)
    const equal = newest?.stamp === first.stamp ? newest : this.#stamps.get(first.stamp)
    // Where it is let go of in this very moment, the original is still there.
    const alike = equal && (await this.#alike(instance, kind, equal, source).catch(() => undefined))
    if (alike !== undefined) return alike
    const temporary = join(this.#home(instance), `${process.pid}-${randomUUID()}`)
    try {
      const deadlineMs = Date.now() + AGREE_MS
      for (let before = first; ;) {
        const content = await this.#trees.copy(before, join(temporary, 'packages'))
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
    const before = this.#read(instance, kind, source.number)
    if (before === undefined)
      throw new Error(
        `code ${source.number} of ${instance} is not kept any more: ${this.#settings.rules().keep} are`,
      )
    if (!this.#used.has(before.package.folder)) return this.#use(before)
    return await this.#alike(instance, kind, before, before.source)
  }

  /** Takes code that lies in another generation's folder already, be it of another instance. */
  async #alike(instance: string, kind: Kind, placed: Placed, source: PluginSource): Promise<Placed> {
    const { content, stamp, integrity } = placed
    const temporary = join(this.#home(instance), `${process.pid}-${randomUUID()}`)
    try {
      await this.#trees.copyAgain(packagesOf(placed), join(temporary, 'packages'))
      return await this.#keep(instance, kind, temporary, {
        source,
        content,
        stamp,
        ...(integrity !== undefined && { integrity }),
      })
    } catch (error) {
      await this.#trees.remove(temporary)
      throw error
    }
  }

  async #keep(instance: string, kind: Kind, temporary: string, about: About): Promise<Placed> {
    await writeFile(join(temporary, ABOUT), JSON.stringify({ ...about, placed: new Date().toISOString() }))
    const home = this.#home(instance)
    for (let number = (numbersIn(home).at(-1) ?? 0) + 1; ; number++) {
      try {
        await rename(temporary, join(home, String(number)))
      } catch (error) {
        // Another one of the same instance was taken at the same time.
        if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) continue
        throw error
      }
      return this.#use(this.#read(instance, kind, number)!)
    }
  }

  #use(placed: Placed): Placed {
    this.#used.add(placed.package.folder)
    this.#stamps.set(placed.stamp, placed)
    return placed
  }

  #read(instance: string, kind: Kind, number: number): Placed | undefined {
    const folder = join(this.#home(instance), String(number))
    try {
      const about = JSON.parse(readFileSync(join(folder, ABOUT), 'utf8')) as About
      const root = readdirSync(join(folder, 'packages')).find((name) => name.startsWith('0-'))
      return {
        ...about,
        number,
        worked: turnOf(this.#home(instance), number),
        package: readManifest(join(folder, 'packages', root!), kind),
      }
    } catch {
      return undefined
    }
  }

  #folderOf(kind: Kind, source: PluginSource & { readonly kind: 'installed' | 'folder' }): string {
    const { folder } = this.#settings
    return source.kind === 'folder' ? resolve(folder, source.path) : findPlugin(source.plugin, kind, folder)
  }

  #home(instance: string): string {
    return join(this.#settings.stateFolder, 'generations', instance)
  }
}

const ABOUT = 'generation.json'
/** A file that is there once a generation has worked: it holds the code's turn. */
const WORKED = 'worked'

function turnOf(home: string, number: number): number | undefined {
  const file = join(home, String(number), WORKED)
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
}

/** The folder with the packages of code, of which the plugin's own is one. */
function packagesOf({ package: { folder } }: Placed): string {
  return dirname(folder)
}

function numbersIn(home: string): readonly number[] {
  if (!existsSync(home)) return []
  return readdirSync(home)
    .filter((name) => /^[1-9]\d{0,8}$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)
}

function isOfThisProcess(name: string): boolean {
  return name.startsWith(`${process.pid}-`)
}
