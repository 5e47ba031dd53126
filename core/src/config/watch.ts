import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { sleep } from '../backoff.ts'
import { reasonOf } from '../errors.ts'
import { WatchedFolders } from './watched-folders.ts'

/** How files are watched. */
export interface WatchOptions {
  /** Two readings so far apart have to agree. Default: 300 ms. */
  readonly settleMs?: number
  /** How long something that looks unfinished is waited for. Default: 2 s. */
  readonly patienceMs?: number
  /** How often is looked without being told of anything. Default: 5 s. */
  readonly pollMs?: number
  readonly log: Logger
  /**
   * Told of files that hold something else, have come or have gone. `'unfinished'` asks to wait, as something half written would look
   * like this; asked again with `final` the files stayed as they are. Calls never overlap. It must not reject.
   */
  changed(paths: readonly string[], final: boolean): Promise<'unfinished' | undefined>
}

/** The least between two looks, however much is told. */
const BREATH_MS = 50

/** What files hold, by path: a digest, or nothing where there is no file or an empty one. */
type Contents = ReadonlyMap<string, string | undefined>

/** Watches what files hold: by their content, not by their dates, and through every way in which editors and Kubernetes replace a file. */
export class FileWatch {
  readonly #options: Required<WatchOptions>
  readonly #folders: WatchedFolders
  readonly #closing = new AbortController()
  readonly #poll: NodeJS.Timeout
  #known: Contents = new Map()
  #paths: readonly string[] = []
  /** Kept once what these files hold is known. */
  #begun: Promise<void> = Promise.resolve()
  #looking = false
  #again = false
  #told = false

  constructor(options: WatchOptions) {
    this.#options = { settleMs: 300, patienceMs: 2000, pollMs: 5000, ...options }
    this.#folders = new WatchedFolders(
      () => this.look(),
      (error) => this.#pollAlone(error),
    )
    this.#poll = setInterval(() => this.look(), this.#options.pollMs).unref()
  }

  /** Watches these files and no others. What a new one holds now counts as known; what is known of the others stays so. */
  watch(paths: Iterable<string>): Promise<void> {
    const wanted = new Set(paths)
    if (wanted.size !== this.#paths.length || this.#paths.some((path) => !wanted.has(path)))
      this.#begun = this.#begin([...wanted])
    return this.#begun
  }

  async #begin(paths: readonly string[]): Promise<void> {
    this.#paths = paths
    // Watched first: what happens while it is read is not missed.
    if (!this.#closing.signal.aborted) this.#folders.follow(this.#paths)
    const fresh = await contentsOf(paths.filter((path) => !this.#known.has(path)))
    // Other files may have been named meanwhile: what those hold is read for themselves.
    const all = new Map([...fresh, ...this.#known])
    this.#known = new Map(this.#paths.filter((path) => all.has(path)).map((path) => [path, all.get(path)]))
    this.look()
  }

  /** Compares now. */
  look(): void {
    this.#again = true
    if (!this.#looking && !this.#closing.signal.aborted) void this.#look()
  }

  close(): void {
    this.#closing.abort()
    clearInterval(this.#poll)
    this.#folders.close()
  }

  async #look(): Promise<void> {
    this.#looking = true
    while (this.#again && !this.#closing.signal.aborted) {
      this.#again = false
      await this.#compare()
      // A file that is written all the time is read twenty times a second at most.
      await this.#pause(BREATH_MS)
    }
    this.#looking = false
  }

  async #compare(): Promise<void> {
    const { settleMs } = this.#options
    // What leads to the files may be another folder by now, that holds the same.
    this.#folders.follow(this.#paths)
    let contents = await contentsOf(this.#paths)
    if (differing(this.#known, contents).length === 0) return
    let settled = await this.#settled(contents, settleMs)
    let paths = differing(this.#known, settled)
    if (paths.length === 0 || this.#closing.signal.aborted) return
    const isHalf = paths.some((path) => settled.get(path) === undefined)
    if (isHalf || (await this.#options.changed(paths, false)) === 'unfinished') {
      contents = await this.#otherThan(settled)
      if (this.#closing.signal.aborted) return
      if (differing(settled, contents).length > 0) {
        this.#again = true
        return
      }
      settled = contents
      paths = differing(this.#known, settled)
      await this.#options.changed(paths, true)
    }
    this.#know(settled)
  }

  /** What was read stays known only for files that are watched still: the owner may have named others meanwhile. */
  #know(contents: Contents): void {
    this.#known = new Map(
      [...this.#known].map(([path, before]) => [path, contents.has(path) ? contents.get(path) : before]),
    )
    this.#folders.follow(this.#paths)
    this.#again = true
  }

  /** Reads until two readings agree. */
  async #settled(first: Contents, settleMs: number): Promise<Contents> {
    for (let before = first; ;) {
      await this.#pause(settleMs)
      const after = await contentsOf(this.#paths)
      if (this.#closing.signal.aborted || differing(before, after).length === 0) return after
      before = after
    }
  }

  /** Reads until something differs, or patience ends. */
  async #otherThan(before: Contents): Promise<Contents> {
    const endMs = performance.now() + this.#options.patienceMs
    for (;;) {
      await this.#pause(Math.min(this.#options.settleMs, 100))
      const after = await contentsOf(this.#paths)
      const isOver = performance.now() >= endMs || this.#closing.signal.aborted
      if (isOver || differing(before, after).length > 0) return after
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, this.#closing.signal)
  }

  #pollAlone(error: Error): void {
    if (this.#told) return
    this.#told = true
    this.#options.log.warn(
      `not every folder can be watched (${reasonOf(error)}): changes there are found every ${this.#options.pollMs / 1000} s`,
    )
  }
}

function differing(before: Contents, after: Contents): readonly string[] {
  return [...after.keys()].filter((path) => before.has(path) && before.get(path) !== after.get(path))
}

async function contentsOf(paths: readonly string[]): Promise<Contents> {
  return new Map(await Promise.all(paths.map(async (path) => [path, await digestOf(path)] as const)))
}

async function digestOf(path: string): Promise<string | undefined> {
  try {
    const content = await readFile(path)
    return content.length === 0 ? undefined : createHash('sha256').update(content).digest('hex')
  } catch {
    return undefined
  }
}
