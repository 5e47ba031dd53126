import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sleep } from '../backoff.ts'
import type { SourceTree } from './source-tree.ts'
import type { Trees } from './trees.ts'

/** How long a tree that is being written is waited for. */
export const AGREE_MS = 10_000
const PAUSE_MS = 200
/** A file is half written for no longer. */
const HALF_MS = 1000

/**
 * Reads a package and all that it depends on when npm is not in the middle of changing them; `host` is where peers are found. Rejects
 * with what is wrong with it once that has stayed so, or when the signal aborts.
 */
export async function settledTree(
  trees: Trees,
  folder: string,
  host: string,
  signal: AbortSignal,
): Promise<SourceTree> {
  const beganMs = Date.now()
  for (const deadlineMs = beganMs + AGREE_MS; ;) {
    try {
      const tree = await trees.readSettled(folder, host)
      if (tree !== undefined) return tree
      if (Date.now() > deadlineMs) throw new Error(`npm does not end to change ${folder}`)
    } catch (error) {
      // Half a package looks like a broken one, and half a manifest is no JSON.
      const isHalf = (error as Error).name === 'SyntaxError' && Date.now() - beganMs < HALF_MS
      if (Date.now() > deadlineMs || signal.aborted || !(isHalf || isBeingWritten(folder))) throw error
    }
    await sleep(PAUSE_MS, signal)
  }
}

/** Whether a folder is not whole and was written a moment ago: somebody may be at it. */
function isBeingWritten(folder: string): boolean {
  const place = existsSync(folder) ? folder : dirname(folder)
  return (
    existsSync(place) &&
    Date.now() - statSync(place).ctimeMs < AGREE_MS &&
    !existsSync(join(folder, 'package.json'))
  )
}
