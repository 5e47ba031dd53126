import { Worker } from 'node:worker_threads'
import type { Kind } from '@smart-gateway/sdk'
import { asError } from '../errors.ts'
import { Channel } from '../worker/channel.ts'
import { steppingBack } from '../worker/step-back.ts'
import type { PluginPackage } from './manifest.ts'
import type { Placed, Pruned } from './shelf.ts'
import type { SourceTree } from './source-tree.ts'
import type { Keeping } from './tree-thread.ts'

/** A disk that does not answer for so long is given up: what else waits for the thread would wait for it, too. */
const DEADLINE_MS = 120_000
/** The thread is let go of when nobody has asked it for anything for so long. */
const IDLE_MS = 10_000
/** So far it steps back: a swap may take a little longer, what is on its way does not wait for files that are copied. */
const STEPS_BACK = 10

/**
 * Reads, copies and removes the code of plugins in a thread of its own, which is there while it is needed: the event loop would spend
 * milliseconds of each swap on files, ten times as much with the asynchronous calls of Node as with those that wait.
 */
export class Trees {
  #thread: { readonly worker: Worker; readonly channel: Channel } | undefined
  #asked = 0
  #idle: NodeJS.Timeout | undefined

  /** The files of a package and of all that it depends on; `host` is where peers are found. */
  read(folder: string, host: string): Promise<SourceTree> {
    return this.#ask('read', { folder, host })
  }

  /** The same; undefined while npm is about to change them. */
  readSettled(folder: string, host: string): Promise<SourceTree | undefined> {
    return this.#ask('readSettled', { folder, host, nowMs: Date.now() })
  }

  /** As `findPlugin`. */
  find(plugin: string, kind: Kind, folder: string): Promise<string> {
    return this.#ask('find', { plugin, kind, folder })
  }

  /** As `readManifest`. */
  manifest(folder: string, kind: Kind): Promise<PluginPackage> {
    return this.#ask('manifest', { folder, kind })
  }

  /** A digest of what the files hold. */
  content(tree: SourceTree): Promise<string> {
    return this.#ask('content', tree)
  }

  /** Copies the files to a folder; resolves with a digest of what they hold. */
  copy(tree: SourceTree, target: string): Promise<string> {
    return this.#ask('copy', { tree, target })
  }

  /** As `Shelf.newest`, of the shelf in a folder. */
  newest(home: string, kind: Kind): Promise<Placed | undefined> {
    return this.#ask('newest', { home, kind })
  }

  /** As `Shelf.read`. */
  placed(home: string, number: number, kind: Kind): Promise<Placed | undefined> {
    return this.#ask('placed', { home, number, kind })
  }

  /** As `Shelf.keep`, of packages that lie in the temporary folder, or are put there first: like those in another folder. */
  keep(keeping: Keeping): Promise<Placed> {
    return this.#ask('keep', keeping)
  }

  /** As `Shelf.worked`. */
  worked(home: string, number: number): Promise<void> {
    return this.#ask('worked', { home, number })
  }

  /** As `Shelf.prune`. */
  prune(home: string, inUse: readonly number[], keep: number): Promise<Pruned> {
    return this.#ask('prune', { home, inUse, keep })
  }

  /** Removes a folder with all that is in it, where it is there. */
  remove(folder: string): Promise<void> {
    return this.#ask('remove', folder)
  }

  async #ask<T>(verb: string, payload: unknown): Promise<T> {
    const { worker, channel } = (this.#thread ??= this.#start())
    clearTimeout(this.#idle)
    this.#asked++
    worker.ref()
    const late = setTimeout(() => {
      channel.end(new Error(`the disk did not answer within ${DEADLINE_MS / 1000} s`))
      this.#end(worker)
    }, DEADLINE_MS).unref()
    try {
      return await channel.ask<T>(verb, payload)
    } finally {
      clearTimeout(late)
      this.#asked--
      if (this.#asked === 0) {
        worker.unref()
        this.#idle = setTimeout(() => this.#end(worker), IDLE_MS).unref()
      }
    }
  }

  #start(): { readonly worker: Worker; readonly channel: Channel } {
    const file = import.meta.filename.endsWith('.ts') ? './tree-thread.ts' : './tree-thread.js'
    const worker = steppingBack(
      STEPS_BACK,
      () => new Worker(new URL(file, import.meta.url), { name: 'code of plugins' }),
    )
    const over = (reason: unknown): void => {
      if (this.#thread?.worker === worker) this.#thread = undefined
      channel.end(asError(reason))
    }
    const channel = new Channel(worker, {}, over)
    worker.on('error', over)
    worker.on('exit', () => over(new Error('the thread that reads the code of plugins has ended')))
    return { worker, channel }
  }

  #end(worker: Worker): void {
    if (this.#thread?.worker === worker) this.#thread = undefined
    void worker.terminate()
  }
}
