import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kind } from '@smart-gateway/sdk'
import { readManifest } from './manifest.ts'
import type { PluginPackage } from './manifest.ts'
import type { PluginSource } from './source.ts'

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
export type About = Omit<Placed, 'number' | 'package' | 'worked'>

/** What pruning did: the folders that are gone, and those that could not be removed, with why. */
export interface Pruned {
  readonly gone: readonly string[]
  readonly stuck: readonly { readonly folder: string; readonly error: Error }[]
}

const ABOUT = 'generation.json'
/** A file that is there once a generation has worked: it holds the code's turn. */
const WORKED = 'worked'

/**
 * The code that is kept for one instance: a folder for each generation, under numbers that count up. Its calls wait for the disk: what a
 * swap asks for is asked in the thread of `Trees`.
 */
export class Shelf {
  readonly #home: string

  constructor(home: string) {
    this.#home = home
  }

  /** The oldest first. */
  list(kind: Kind): readonly Placed[] {
    return this.#numbers().flatMap((number) => this.read(number, kind) ?? [])
  }

  /** What was placed last, if that can be read. */
  newest(kind: Kind): Placed | undefined {
    const number = this.#numbers().at(-1)
    return number === undefined ? undefined : this.read(number, kind)
  }

  /** Undefined where there is nothing that can be used. */
  read(number: number, kind: Kind): Placed | undefined {
    const folder = join(this.#home, String(number))
    try {
      const about = JSON.parse(readFileSync(join(folder, ABOUT), 'utf8')) as About
      return {
        ...about,
        number,
        worked: this.#turnOf(number),
        package: readManifest(rootIn(folder), kind),
      }
    } catch {
      return undefined
    }
  }

  /**
   * Gives a folder that holds code a number beyond `after` and all that are here: under a number that was given before, Node would know the
   * modules. Throws when it is no plugin of that kind; the folder is still where it was then.
   */
  keep(temporary: string, kind: Kind, about: About, after: number): Placed {
    readManifest(rootIn(temporary), kind)
    writeFileSync(join(temporary, ABOUT), JSON.stringify({ ...about, placed: new Date().toISOString() }))
    for (let number = Math.max(after, this.#numbers().at(-1) ?? 0) + 1; ; number++) {
      try {
        renameSync(temporary, join(this.#home, String(number)))
      } catch (error) {
        // Another gateway has taken that number at the same time.
        if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) continue
        throw error
      }
      return this.read(number, kind)!
    }
  }

  /** Remembers that code works, and works later than all the other code here. */
  worked(number: number): void {
    const others = this.#numbers().filter((other) => other !== number)
    const last = Math.max(0, ...others.map((other) => this.#turnOf(other) ?? 0))
    if ((this.#turnOf(number) ?? 0) <= last)
      writeFileSync(join(this.#home, String(number), WORKED), String(last + 1))
  }

  /** Lets go of those that are not in use and have not worked for longest, but for so many, and of what a crash left half done. */
  prune(inUse: readonly number[], keep: number): Pruned {
    if (!existsSync(this.#home)) return { gone: [], stuck: [] }
    const numbers = this.#numbers()
    const unused = numbers
      .filter((number) => !inUse.includes(number))
      .map((number) => ({ number, turn: this.#turnOf(number) }))
      .toSorted((a, b) => (a.turn ?? 0) - (b.turn ?? 0))
    // What never worked is nothing to go back to.
    const worked = unused.filter(({ turn }) => turn !== undefined)
    const gone = [
      ...unused.filter(({ turn }) => turn === undefined),
      ...worked.slice(0, Math.max(0, worked.length - keep)),
    ].map(({ number }) => String(number))
    const broken = readdirSync(this.#home).filter(
      (name) => !numbers.map(String).includes(name) && !isOfThisProcess(name),
    )
    return removed([...gone, ...broken].map((name) => join(this.#home, name)))
  }

  #turnOf(number: number): number | undefined {
    const file = join(this.#home, String(number), WORKED)
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  }

  #numbers(): readonly number[] {
    if (!existsSync(this.#home)) return []
    return readdirSync(this.#home)
      .filter((name) => /^[1-9]\d{0,8}$/.test(name))
      .map(Number)
      .toSorted((a, b) => a - b)
  }
}

/** The folder with the packages in a folder of code. */
export function packagesIn(folder: string): string {
  return join(folder, 'packages')
}

/** The plugin's own package among those in a folder of code. */
function rootIn(folder: string): string {
  const packages = packagesIn(folder)
  return join(
    packages,
    readdirSync(packages).find((name) => name.startsWith('0-'))!,
  )
}

function removed(folders: readonly string[]): Pruned {
  const gone: string[] = []
  const stuck: { folder: string; error: Error }[] = []
  for (const folder of folders)
    try {
      rmSync(folder, { recursive: true, force: true })
      gone.push(folder)
    } catch (error) {
      stuck.push({ folder, error: error as Error })
    }
  return { gone, stuck }
}

function isOfThisProcess(name: string): boolean {
  return name.startsWith(`${process.pid}-`)
}
