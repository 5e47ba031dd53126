import { lstatSync, readlinkSync, realpathSync, watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** So many links lead to a file at most. */
const MAX_LINKS = 40

/**
 * The folders in which something has to happen before a file can hold something else: its own, and those of everything that links on the
 * way to it. A watch on the file itself would go blind when the file is replaced.
 */
export class WatchedFolders {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #onEvent: () => void
  readonly #onError: (error: Error) => void

  constructor(onEvent: () => void, onError: (error: Error) => void) {
    this.#onEvent = onEvent
    this.#onError = onError
  }

  /** Watches what leads to these files now, and nothing else. */
  follow(paths: Iterable<string>): void {
    const folders = new Set([...paths].flatMap(foldersOf))
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder)
  }

  close(): void {
    this.follow([])
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#onEvent())
      watcher.on('error', (error) => {
        watcher.close()
        this.#watchers.delete(folder)
        this.#onError(error)
      })
      this.#watchers.set(folder, watcher)
    } catch (error) {
      this.#onError(error as Error)
    }
  }
}

/** Real and absolute; one that is not there is left out, whoever polls finds out when it comes. */
function foldersOf(path: string): readonly string[] {
  const folders: string[] = []
  for (let at = resolve(path), links = 0; links < MAX_LINKS; links++) {
    try {
      folders.push(realpathSync(dirname(at)))
      // The folder may be a link itself, as Kubernetes' ..data is: what holds the link matters too.
      folders.push(...foldersOfLinks(dirname(at)))
      if (!lstatSync(at).isSymbolicLink()) break
      at = resolve(dirname(at), readlinkSync(at))
    } catch {
      break
    }
  }
  return folders
}

function foldersOfLinks(folder: string): readonly string[] {
  const above = dirname(folder)
  if (above === folder) return []
  return [...(lstatSync(folder).isSymbolicLink() ? [realpathSync(above)] : []), ...foldersOfLinks(above)]
}
