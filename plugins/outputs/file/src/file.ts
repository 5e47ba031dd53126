import type { Stats } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { makeFolders, syncFolders } from './folders.ts'
import { removeBeyond, rotate } from './rotation.ts'
import type { Rotation } from './rotation.ts'
import { explain, meaningOf, writeAll } from './target.ts'
import type { Target } from './target.ts'

/** How to keep a file. */
export interface Keeping {
  /** Whether lines are on the disk before they count as written. */
  readonly sync: boolean
  readonly rotation?: Rotation | undefined
}

/**
 * Appends lines to a file, and only whole ones: a half line that a crash left at its end is ended first, what a failed write
 * left is cut off again. A file that was renamed or removed is opened anew. One that cannot be rotated grows on.
 */
export async function openFile(path: string, keeping: Keeping): Promise<Target> {
  const { sync, rotation } = keeping
  const failed = (error: unknown) => {
    throw explain(path, error)
  }
  let file = await openEnd(path, keeping).catch(failed)
  let trouble: string | undefined

  const openAnew = async (): Promise<Stats> => {
    const next = await openEnd(path, keeping)
    await file.handle.close()
    file = next
    trouble = undefined
    return next.stats
  }

  const rotated = async ({ keep, maxBytes }: Rotation, size: number): Promise<Stats> => {
    let aside: string
    try {
      if (file.suspect && (await isTorn(file.handle, size))) await writeAll(file.handle.fd, NEWLINE)
      aside = await rotate(path, keep)
    } catch (error) {
      trouble = `Cannot rotate ${path}, it grows beyond ${maxBytes} bytes: ${meaningOf(error)}`
      return file.handle.stat()
    }
    const stats = await openAnew()
    await removeBeyond(aside, keep).catch((error) => {
      trouble = `Cannot remove files that ${path} was rotated to, beyond ${keep}: ${meaningOf(error)}`
    })
    return stats
  }

  const append = async (lines: Buffer): Promise<void> => {
    let now = await statIfThere(path)
    if (now?.ino !== file.stats.ino || now.dev !== file.stats.dev) now = await openAnew()
    if (rotation && now.size > 0 && now.size + lines.length > rotation.maxBytes)
      now = await rotated(rotation, now.size)
    const { handle, regular } = file
    const torn = regular && file.suspect && (await isTorn(handle, now.size))
    file.suspect = true
    try {
      await writeAll(handle.fd, torn ? Buffer.concat([NEWLINE, lines]) : lines)
      if (regular && sync) await handle.datasync()
      file.suspect = false
    } catch (error) {
      // Should the cut fail too, the next write finds the half line and ends it.
      if (regular) await cutBack(handle, now.size, lines.length + NEWLINE.length).catch(() => undefined)
      throw error
    }
  }

  return {
    append: (lines) => append(lines).catch(failed),
    trouble: () => trouble,
    async close() {
      try {
        if (file.regular) await file.handle.sync()
      } catch (error) {
        failed(error)
      } finally {
        await file.handle.close()
      }
    },
  }
}

interface OpenFile {
  readonly handle: FileHandle
  readonly stats: Stats
  /** A device, such as /dev/null, has no size and no disk below it. */
  readonly regular: boolean
  /** Its end may be a half line. */
  suspect: boolean
}

const NEWLINE = Buffer.from('\n')

async function openEnd(path: string, { sync, rotation }: Keeping): Promise<OpenFile> {
  const found = await statIfThere(path)
  if (found?.isDirectory()) throw new Error('it is a folder; name a file in it')
  if (found && !found.isFile() && !found.isCharacterDevice())
    throw new Error('it is neither a file nor a device')
  if (found && rotation && !found.isFile())
    throw new Error('it is a device, which cannot be rotated; leave "rotate" out')
  const made = found ? undefined : await makeFolders(path)
  const handle = await open(path, 'a+', 0o640)
  try {
    // A link may lead to a file in another folder that was just made.
    if (sync && !found) await syncFolders(made ? path : await realpath(path), made)
    const stats = await handle.stat()
    return { handle, stats, regular: stats.isFile(), suspect: true }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function isTorn(handle: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return !buffer.equals(NEWLINE)
}

// More than this output wrote is another's, and stays.
async function cutBack(handle: FileHandle, size: number, most: number): Promise<void> {
  const now = (await handle.stat()).size
  if (now > size && now <= size + most) await handle.truncate(size)
}
