/** The thread that reads and copies the code of plugins: hundreds of small files, one after the other. */
import { rmSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { Channel } from '../worker/channel.ts'
import type { Handlers } from '../worker/channel.ts'
import { closureOf, isBeingInstalled } from './closure.ts'
import { contentOf, copyAgain, copyTree, readTree } from './source-tree.ts'
import type { SourceTree } from './source-tree.ts'

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
  copyAgain: ({ from, to }: { from: string; to: string }) => copyAgain(from, to),
  remove: (folder: string) => rmSync(folder, { recursive: true, force: true }),
}

void new Channel(parentPort as MessagePort, handlers, (error) => {
  throw error
})
