import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes the folders that a file needs; returns the uppermost that was missing. */
export async function makeFolders(file: string): Promise<string | undefined> {
  return mkdir(dirname(file), { recursive: true })
}

/** Makes a new file and the folders made for it survive a power failure: the name of each is on the disk with the folder above. */
export async function syncFolders(file: string, uppermost = file): Promise<void> {
  const last = dirname(uppermost)
  for (let folder = dirname(file); folder.length >= last.length; folder = dirname(folder)) {
    const handle = await open(folder)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (folder === dirname(folder)) return
  }
}
