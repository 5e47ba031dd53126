import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { pause } from './pause.ts'

export interface Line {
  /** Counted from 1, as editors do. */
  readonly number: number
  /** Without its line feed; undefined when the line is too long to be kept. */
  readonly bytes: Buffer | undefined
}

export const MAX_LINE_BYTES = 16_777_216

/**
 * The lines of a file as bytes, those of one read at a time: a recording may be larger than the memory. With `follow` the end is not
 * the end: what is appended is read until that signal aborts, and a line counts once its line feed is there. Rejects then when the
 * file is replaced, cut or taken away.
 */
export async function* readLines(path: string, follow?: AbortSignal): AsyncGenerator<Line[]> {
  const file = await open(path)
  try {
    const split = splitter()
    const window = Buffer.allocUnsafeSlow(READ_BYTES)
    let position = 0
    let end: Error | undefined
    while (follow?.aborted !== true) {
      // A copy of what came, because the lines stay parts of it for as long as their messages live.
      const { bytesRead } = await file.read(window)
      position += bytesRead
      if (bytesRead > 0) yield split.lines(Buffer.from(window.subarray(0, bytesRead)))
      else if (follow === undefined || end !== undefined) {
        yield split.rest()
        if (end !== undefined) throw end
        return
      } else {
        // What came into the old file until then is read to its end first.
        end = await whyOver(path, file, position)
        if (end === undefined) await pause(FOLLOW_MS, follow)
      }
    }
  } finally {
    await file.close()
  }
}

const READ_BYTES = 65_536
/** How often the end of a file is looked at. */
const FOLLOW_MS = 100

async function whyOver(path: string, file: FileHandle, position: number): Promise<Error | undefined> {
  const opened = await file.stat()
  if (opened.size < position) return new Error('it was cut')
  try {
    const named = await stat(path)
    const isSame = named.ino === opened.ino && named.dev === opened.dev
    return isSame ? undefined : new Error('another file took its place')
  } catch (error) {
    return error as Error
  }
}
const LINE_FEED = 10

function splitter() {
  let number = 0
  let parts: Buffer[] = []
  let bytes = 0

  const keep = (part: Buffer): void => {
    bytes += part.length
    if (bytes <= MAX_LINE_BYTES) parts.push(part)
    else parts = []
  }
  const take = (): Line => {
    const [only = Buffer.alloc(0)] = parts
    const whole = parts.length > 1 ? Buffer.concat(parts) : only
    const line = { number: (number += 1), bytes: bytes > MAX_LINE_BYTES ? undefined : whole }
    parts = []
    bytes = 0
    return line
  }

  return {
    lines(chunk: Buffer): Line[] {
      const lines: Line[] = []
      let from = 0
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
        keep(chunk.subarray(from, end))
        lines.push(take())
        from = end + 1
      }
      if (from < chunk.length) keep(chunk.subarray(from))
      return lines
    },
    rest: (): Line[] => (bytes === 0 ? [] : [take()]),
  }
}
