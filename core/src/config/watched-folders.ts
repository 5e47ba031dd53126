import { lstatSync, readlinkSync, realpathSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'

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
    const entries = Map.groupBy([...paths].flatMap(entriesTo), ({ folder }) => folder)
    for (const [folder, { watcher }] of this.#watched) {
      if (entries.has(folder)) continue
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
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || watched.names.has(name)) this.#onEvent()
      })
      const watched: Watched = { watcher, names }
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

/** What is not there is left out, whoever polls finds out when it comes. */
function entriesTo(path: string): readonly Entry[] {
  const entries: Entry[] = []
  for (let at = resolve(path), links = 0; links < MAX_LINKS; links++) {
    try {
      entries.push({ folder: realpathSync(dirname(at)), name: basename(at) })
      // The folder may be a link itself, as Kubernetes' ..data is: what holds the link matters too.
      entries.push(...linksTo(dirname(at)))
      if (!lstatSync(at).isSymbolicLink()) break
      at = resolve(dirname(at), readlinkSync(at))
    } catch {
      break
    }
  }
  return entries
}

function linksTo(folder: string): readonly Entry[] {
  const above = dirname(folder)
  if (above === folder) return []
  const own = lstatSync(folder).isSymbolicLink()
    ? [{ folder: realpathSync(above), name: basename(folder) }]
    : []
  return [...own, ...linksTo(above)]
}
