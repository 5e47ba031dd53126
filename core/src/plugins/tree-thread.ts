/** The thread that reads and copies the code of plugins: hundreds of small files, one after the other. */
import { rmSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Kind } from '@smart-gateway/sdk'
import { Channel } from '../worker/channel.ts'
import type { Handlers } from '../worker/channel.ts'
import { closureOf, isBeingInstalled } from './closure.ts'
import { readManifest } from './manifest.ts'
import { findPlugin } from './resolve.ts'
import { packagesIn, Shelf } from './shelf.ts'
import type { About, Placed } from './shelf.ts'
import { contentOf, copyAgain, copyTree, readTree } from './source-tree.ts'
import type { SourceTree } from './source-tree.ts'

/** Whose shelf: its folder. */
interface On {
  readonly home: string
}

/** What shall be kept: `Shelf.keep` tells of its members. */
export interface Keeping extends On {
  readonly temporary: string
  readonly kind: Kind
  readonly about: About
  readonly after: number
  /** A folder with packages that `copy` has made. */
  readonly like: string | undefined
}

const handlers: Handlers = {
  read: ({ folder, host }: { folder: string; host: string }) => readTree(closureOf(folder, host)),
  readSettled({
    folder,
    host,
    nowMs,
  }: {
    folder: string
    host: string
    nowMs: number
  }): SourceTree | undefined {
    const closure = closureOf(folder, host)
    return closure.some((one) => isBeingInstalled(one, nowMs)) ? undefined : readTree(closure)
  },
  content: (tree: SourceTree) => contentOf(tree),
  copy: ({ tree, target }: { tree: SourceTree; target: string }) => copyTree(tree, target),
  find: ({ plugin, kind, folder }: { plugin: string; kind: Kind; folder: string }) =>
    findPlugin(plugin, kind, folder),
  manifest: ({ folder, kind }: { folder: string; kind: Kind }) => readManifest(folder, kind),
  newest: ({ home, kind }: On & { kind: Kind }) => new Shelf(home).newest(kind),
  placed: ({ home, number, kind }: On & { number: number; kind: Kind }) => new Shelf(home).read(number, kind),
  keep({ home, temporary, kind, about, after, like }: Keeping): Placed {
    if (like !== undefined) copyAgain(like, packagesIn(temporary))
    return new Shelf(home).keep(temporary, kind, about, after)
  },
  worked: ({ home, number }: On & { number: number }) => new Shelf(home).worked(number),
  prune: ({ home, inUse, keep }: On & { inUse: readonly number[]; keep: number }) =>
    new Shelf(home).prune(inUse, keep),
  remove: (folder: string) => rmSync(folder, { recursive: true, force: true }),
}

void new Channel(parentPort as MessagePort, handlers, (error) => {
  throw error
})
