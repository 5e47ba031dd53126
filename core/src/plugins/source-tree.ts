import { createHash } from 'node:crypto'
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import type { ClosurePackage } from './closure.ts'

interface File {
  /** From the package's folder. */
  readonly path: string
  readonly mode: number
  /** Changes when the file is written or replaced, also where a package manager gives all files one date. */
  readonly stamp: string
}

/** One reading of the files of a closure. */
export interface SourceTree {
  readonly packages: readonly (readonly [ClosurePackage, readonly File[]])[]
  /** Equal for two readings between which no file was written. */
  readonly stamp: string
}

/** What of a package is not its code: the packages installed below it, the history of its source, and types, which no Node reads. */
const LEFT_OUT = new Set(['node_modules', '.git'])
const TYPES = /\.d\.[cm]?ts$/
/** A folder that is linked into itself would never end. */
const MAX_DEPTH = 64

export function readTree(closure: readonly ClosurePackage[]): SourceTree {
  const packages = closure.map((one) => [one, filesOf(one.folder)] as const)
  const stamps = packages.map(([{ name, folder }, files]) => [name, folder, files])
  return { packages, stamp: createHash('sha256').update(JSON.stringify(stamps)).digest('hex') }
}

/** A digest of what the files hold and of how the packages reach each other; where they lie does not matter. */
export function contentOf(tree: SourceTree): string {
  return digest(tree, () => undefined)
}

/**
 * Copies everything to a folder and returns its content. Each package lies in a folder of its own, its dependencies linked below
 * it: no real file lies below a folder that is called node_modules, where Node would not run TypeScript.
 */
export function copyTree(tree: SourceTree, target: string): string {
  const places = new Map(tree.packages.map(([one], i) => [one, join(target, `${i}-${basename(one.folder)}`)]))
  const folders = new Set(
    tree.packages.flatMap(([one, files]) => files.map(({ path }) => dirname(join(places.get(one)!, path)))),
  )
  for (const folder of folders) mkdirSync(folder, { recursive: true })
  const content = digest(tree, (one, { path, mode }, bytes) =>
    writeFileSync(join(places.get(one)!, path), bytes, { mode }),
  )
  for (const [{ dependencies }, place] of places)
    for (const [name, dependency] of dependencies) {
      const link = join(place, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(relative(dirname(link), places.get(dependency)!), link, 'dir')
    }
  return content
}

/**
 * Makes a folder like one that `copyTree` has made: under other paths Node evaluates its modules anew. Nobody changes what lies in
 * either, so the files are shared where the disk can do that.
 */
export function copyAgain(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyAgain(source, target)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target, 'dir')
    else shareOrCopy(source, target)
  }
}

function shareOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target)
  } catch {
    copyFileSync(source, target)
  }
}

function digest(
  { packages }: SourceTree,
  visit: (one: ClosurePackage, file: File, bytes: Uint8Array) => void,
): string {
  const numbers = new Map(packages.map(([one], i) => [one, i]))
  const hash = createHash('sha256')
  for (const [one, files] of packages) {
    const dependencies = [...one.dependencies].map(([name, other]) => [name, numbers.get(other)])
    hash.update(JSON.stringify([one.name, dependencies.sort(), files.length]))
    for (const file of files) {
      const bytes = readFileSync(join(one.folder, file.path))
      hash.update(`\0${file.path}\0${bytes.length}\0`).update(bytes)
      visit(one, file, bytes)
    }
  }
  return hash.digest('hex')
}

function filesOf(folder: string, below = '', depth = 0): readonly File[] {
  if (depth > MAX_DEPTH)
    throw new Error(`${join(folder, below)} lies too deep: is a folder linked into itself?`)
  return readdirSync(join(folder, below))
    .flatMap((name): readonly File[] => {
      const path = join(below, name)
      if ((below === '' && LEFT_OUT.has(name)) || TYPES.test(name)) return []
      const found = statSync(join(folder, path), { bigint: true })
      if (found.isDirectory()) return filesOf(folder, path, depth + 1)
      if (!found.isFile()) return []
      const { mode, size, mtimeNs, ctimeNs, ino } = found
      return [{ path, mode: Number(mode) & 0o777, stamp: `${size} ${mtimeNs} ${ctimeNs} ${ino}` }]
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
