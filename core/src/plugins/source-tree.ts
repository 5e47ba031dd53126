import { createHash } from 'node:crypto'
import {
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import type { ClosurePackage } from './closure.ts'

interface File {
  /** From the package's folder. */
  readonly path: string
  readonly mode: number
  /** Changes when the file is written or replaced, also where a package manager gives all files one date. */
  readonly stamp: string
}

/** What of a package is not its code: the packages installed below it, the history of its source, and types, which no Node reads. */
const LEFT_OUT = new Set(['node_modules', '.git'])
const TYPES = /\.d\.[cm]?ts$/

/** One reading of the files of a closure. */
export class SourceTree {
  readonly #packages: readonly (readonly [ClosurePackage, readonly File[]])[]
  /** Equal for two readings between which no file was written. */
  readonly stamp: string

  private constructor(packages: readonly (readonly [ClosurePackage, readonly File[]])[]) {
    this.#packages = packages
    const stamps = packages.map(([{ name, folder }, files]) => [name, folder, files])
    this.stamp = createHash('sha256').update(JSON.stringify(stamps)).digest('hex')
  }

  static async read(closure: readonly ClosurePackage[]): Promise<SourceTree> {
    return new SourceTree(
      await Promise.all(closure.map(async (one) => [one, await filesOf(one.folder)] as const)),
    )
  }

  /** A digest of what the files hold and of how the packages reach each other; where they lie does not matter. */
  async content(): Promise<string> {
    return await this.#digest(async () => {})
  }

  /**
   * Copies everything to a folder and returns its content. Each package lies in a folder of its own, its dependencies linked below
   * it: no real file lies below a folder that is called node_modules, where Node would not run TypeScript.
   */
  async copy(target: string): Promise<string> {
    const places = new Map(
      this.#packages.map(([one], i) => [one, join(target, `${i}-${basename(one.folder)}`)]),
    )
    const folders = new Set<string>()
    for (const [one, files] of this.#packages)
      for (const { path } of files) folders.add(dirname(join(places.get(one)!, path)))
    for (const folder of folders) await mkdir(folder, { recursive: true })
    const content = await this.#digest(async (one, file, bytes) => {
      await writeFile(join(places.get(one)!, file.path), bytes, { mode: file.mode })
    })
    for (const [{ dependencies }, place] of places) {
      for (const [name, dependency] of dependencies) {
        const link = join(place, 'node_modules', name)
        await mkdir(dirname(link), { recursive: true })
        await symlink(relative(dirname(link), places.get(dependency)!), link, 'dir')
      }
    }
    return content
  }

  async #digest(
    visit: (one: ClosurePackage, file: File, bytes: Uint8Array) => Promise<void>,
  ): Promise<string> {
    const numbers = new Map(this.#packages.map(([one], i) => [one, i]))
    const hash = createHash('sha256')
    for (const [one, files] of this.#packages) {
      const dependencies = [...one.dependencies].map(([name, other]) => [name, numbers.get(other)])
      hash.update(JSON.stringify([one.name, dependencies.sort(), files.length]))
      for (let at = 0; at < files.length; at += AT_ONCE) {
        const some = files.slice(at, at + AT_ONCE)
        const contents = await Promise.all(some.map(({ path }) => readFile(join(one.folder, path))))
        for (const [i, { path }] of some.entries())
          hash.update(`\0${path}\0${contents[i]!.length}\0`).update(contents[i]!)
        await Promise.all(some.map((file, i) => visit(one, file, contents[i]!)))
      }
    }
    return hash.digest('hex')
  }
}

/**
 * Makes a folder like one that was made by `SourceTree.copy`: under other paths Node evaluates its modules anew. Nobody changes what lies in
 * either, so the files are shared where the disk can do that.
 */
export async function copyAgain(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const entries = await readdir(from, { withFileTypes: true })
  for (let at = 0; at < entries.length; at += AT_ONCE)
    await Promise.all(
      entries.slice(at, at + AT_ONCE).map(async (entry) => {
        const [source, target] = [join(from, entry.name), join(to, entry.name)]
        if (entry.isDirectory()) await copyAgain(source, target)
        else if (entry.isSymbolicLink()) await symlink(await readlink(source), target, 'dir')
        else await link(source, target).catch(() => copyFile(source, target))
      }),
    )
}

/** Files that are read or written at once. */
const AT_ONCE = 16

/** A folder that is linked into itself would never end. */
const MAX_DEPTH = 64

async function filesOf(folder: string, below = '', depth = 0): Promise<readonly File[]> {
  if (depth > MAX_DEPTH)
    throw new Error(`${join(folder, below)} lies too deep: is a folder linked into itself?`)
  const entries = await readdir(join(folder, below), { withFileTypes: true })
  const files = await Promise.all(
    entries.map(async (entry): Promise<readonly File[]> => {
      const path = join(below, entry.name)
      if ((below === '' && LEFT_OUT.has(entry.name)) || TYPES.test(entry.name)) return []
      const { mode, size, mtimeNs, ctimeNs, ino, isDirectory, isFile } = await statOf(join(folder, path))
      if (isDirectory) return await filesOf(folder, path, depth + 1)
      return isFile ? [{ path, mode, stamp: `${size} ${mtimeNs} ${ctimeNs} ${ino}` }] : []
    }),
  )
  return files.flat().toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

async function statOf(path: string) {
  const found = await stat(path, { bigint: true })
  return {
    mode: Number(found.mode) & 0o777,
    size: found.size,
    mtimeNs: found.mtimeNs,
    ctimeNs: found.ctimeNs,
    ino: found.ino,
    isDirectory: found.isDirectory(),
    isFile: found.isFile(),
  }
}
