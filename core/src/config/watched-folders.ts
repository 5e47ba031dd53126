import { lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path'

/** So many links lead to a file at most. */
const MAX_LINKS = 40

/** What leads to a file: an entry of a folder, the file itself or a link on the way to it. */
interface Entry {
  /** Real and absolute. */
  readonly folder: string
  readonly name: string
}

interface Watched {
  readonly watcher: FSWatcher
  /** Which folder it is: another one may be put in its place. */
  readonly identity: string | undefined
  /** What else happens in the folder, be it the log that an output writes there, is no event. */
  names: ReadonlySet<string>
}

/**
 * The folders in which something has to happen before a file can hold something else: its own, and those of everything that links on the
 * way to it. A watch on the file itself would go blind when the file is replaced.
 */
export class WatchedFolders {
  readonly #watched = new Map<string, Watched>()
  readonly #onEvent: () => void
  readonly #onError: (error: Error) => void

  constructor(onEvent: () => void, onError: (error: Error) => void) {
    this.#onEvent = onEvent
    this.#onError = onError
  }

  /** Watches what leads to these files now, and nothing else. */
  follow(paths: Iterable<string>): void {
    const lookAt = lookOnce()
    const entries = Map.groupBy(
      [...paths].flatMap((path) => entriesTo(path, lookAt)),
      ({ folder }) => folder,
    )
    for (const [folder, { watcher, identity }] of this.#watched) {
      if (entries.has(folder) && identityOf(folder) === identity) continue
      watcher.close()
      this.#watched.delete(folder)
    }
    for (const [folder, own] of entries) {
      // A folder that goes away itself is told by its own name.
      const names = new Set([...own.map(({ name }) => name), basename(folder)])
      const known = this.#watched.get(folder)
      if (known === undefined) this.#watch(folder, names)
      else known.names = names
    }
  }

  close(): void {
    this.follow([])
  }

  #watch(folder: string, names: ReadonlySet<string>): void {
    try {
      const identity = identityOf(folder)
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || watched.names.has(name)) this.#onEvent()
      })
      const watched: Watched = { watcher, identity, names }
      watcher.on('error', (error) => {
        watcher.close()
        this.#watched.delete(folder)
        this.#onError(error)
      })
      this.#watched.set(folder, watched)
    } catch (error) {
      this.#onError(error as Error)
    }
  }
}

/** Undefined for one that cannot be looked at. */
function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(folder)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** Every link on the way to a file, and what stands at its end: the file, or the first thing that is not there. */
function entriesTo(path: string, lookAt: Look): readonly Entry[] {
  const entries: Entry[] = []
  const rest = partsOf(resolve(path))
  let folder: string = sep
  for (let links = 0; rest.length > 0 && links < MAX_LINKS;) {
    const name = rest.shift()!
    if (name === '..') folder = dirname(folder)
    if (name === '..' || name === '.') continue
    const at = join(folder, name)
    const found = lookAt(at)
    if (rest.length === 0 || found !== 'there') entries.push({ folder, name })
    if (found === 'missing') break
    if (found === 'there') {
      folder = at
      continue
    }
    links++
    if (isAbsolute(found.target)) folder = sep
    rest.unshift(...partsOf(found.target))
  }
  return entries
}

/** What stands at a path: nothing, something, or a link. */
type Found = 'missing' | 'there' | { readonly target: string }
type Look = (path: string) => Found

/** Files lie near each other: what leads to several is looked at once. */
function lookOnce(): Look {
  const known = new Map<string, Found>()
  return (path) => {
    const found = known.get(path) ?? foundAt(path)
    known.set(path, found)
    return found
  }
}

function foundAt(path: string): Found {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return 'missing'
    return stats.isSymbolicLink() ? { target: readlinkSync(path) } : 'there'
  } catch {
    return 'missing'
  }
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '')
}
