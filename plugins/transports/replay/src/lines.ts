import { open } from 'node:fs/promises'

export interface Line {
  /** Counted from 1, as editors do. */
  readonly number: number
  /** Without its line feed; undefined when the line is too long to be kept. */
  readonly bytes: Buffer | undefined
}

export const MAX_LINE_BYTES = 16_777_216

/** The lines of a file as bytes, those of one read at a time: a recording may be larger than the memory. */
export async function* readLines(path: string): AsyncGenerator<Line[]> {
  const file = await open(path)
  try {
    const split = splitter()
    for (;;) {
      // A new buffer for each read, because the lines stay parts of it for as long as their messages live.
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(READ_BYTES))
      if (bytesRead === 0) break
      yield split.lines(buffer.subarray(0, bytesRead))
    }
    yield split.rest()
  } finally {
    await file.close()
  }
}

const READ_BYTES = 65_536
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
