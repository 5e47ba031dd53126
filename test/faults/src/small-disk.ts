import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Puts a disk of its own under a folder, which it makes. Returns what takes it away. */
export function mountSmallDisk(folder: string, bytes: number): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', folder], { stdio: 'pipe' })
  const unmount = (): void => {
    process.removeListener('exit', unmount)
    execFileSync('umount', ['-l', folder])
  }
  process.once('exit', unmount)
  return unmount
}

/** Why no such disk can be had, if so. */
export function whyNoSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'small-disk-'))
  try {
    mountSmallDisk(folder, 1024 ** 2)()
    return undefined
  } catch (error) {
    return `no tmpfs can be mounted here: ${(error as Error).message.split('\n').at(-2) ?? ''}`
  } finally {
    rmdirSync(folder)
  }
}
