import { explain, writeAll } from './target.ts'
import type { Target } from './target.ts'

/**
 * Lines on the process's stdout. It is written by its descriptor: process.stdout blocks the whole gateway while a pipe is full,
 * and loses the rest of a line without an error when it is a file on a disk that fills up (seen with Node 26).
 */
export function openStdout(signal: AbortSignal): Target {
  let torn = false
  return {
    async append(lines) {
      try {
        await writeAll(STDOUT, torn ? Buffer.concat([NEWLINE, lines]) : lines, signal)
        torn = false
      } catch (error) {
        torn = true
        throw explain('stdout', error)
      }
    },
    async close() {},
  }
}

const STDOUT = 1
const NEWLINE = Buffer.from('\n')
