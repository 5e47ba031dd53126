import { write } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'

/** Where lines go. */
export interface Target {
  /** Resolves when the target has all of the lines; after a failure none of them counts as written. */
  append(lines: Buffer): Promise<void>
  /** What does not go as it should although lines are written, as an operator reads it. */
  trouble?(): string | undefined
  close(): Promise<void>
}

/** Writes all bytes: one call to the system may take a part only, even without an error. */
export async function writeAll(fd: number, bytes: Buffer, signal?: AbortSignal): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += (await writeSome(fd, bytes, offset)).bytesWritten
    } catch (error) {
      // A pipe that is full and whose other user made it non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await delay(RETRY_MS, undefined, signal ? { signal } : {})
    }
  }
}

/** The error as an operator reads it. */
export function explain(what: string, cause: unknown): PluginError {
  const { code } = cause as NodeJS.ErrnoException
  return retryable(`Cannot write to ${what}: ${meaningOf(cause)}`, { cause, ...(code && { code }) })
}

/** What a system's error means, and what to do. */
export function meaningOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return (code && meanings[code]) ?? message
}

const RETRY_MS = 10
const writeSome = promisify(write)

const meanings: Readonly<Record<string, string>> = {
  EACCES: 'access is denied (EACCES); the gateway needs to read and write the file and its folder',
  EDQUOT: 'the disk quota is used up (EDQUOT); free some space',
  EFBIG: 'the file has the largest size that is allowed (EFBIG); move it away',
  ENOSPC: 'the disk is full (ENOSPC); free some space',
  ENOTDIR: 'a part of its path is not a folder (ENOTDIR); choose another path',
  EPERM: 'it is not permitted (EPERM); the gateway needs to read and write the file and its folder',
  EPIPE: 'its reader is gone (EPIPE)',
  EROFS: 'its file system is read-only (EROFS); choose another path',
}
