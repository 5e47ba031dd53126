import { Assembly } from './assembly.ts'
import type { Framer, Frames } from './framing.ts'

/** A message is a line. CR before LF belongs to the line's end, an empty line is nothing, and the last one needs no end. */
export function lineFramer(maxBytes: number, { message, tooLong }: Frames): Framer {
  const begun = new Assembly()
  let skipping = false

  const whole = (line: Buffer): void => {
    const body = line.at(-1) === CR ? line.subarray(0, -1) : line
    if (body.length > maxBytes) tooLong()
    else if (body.length > 0) message(body)
  }
  const keep = (part: Buffer): void => {
    if (skipping || part.length === 0) return
    // One byte more than a message may have can still be the CR.
    if (begun.length + part.length <= maxBytes + 1) return begun.add(part)
    begun.drop()
    skipping = true
    tooLong()
  }
  const finish = (part: Buffer): void => {
    if (begun.length === 0 && !skipping) return whole(part)
    keep(part)
    if (skipping) skipping = false
    else whole(begun.take())
  }

  return {
    feed(chunk) {
      let start = 0
      for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
        finish(chunk.subarray(start, end))
        start = end + 1
      }
      keep(chunk.subarray(start))
    },
    end: () => finish(EMPTY),
    get pending() {
      return begun.length
    },
  }
}

const LF = 10
const CR = 13
const EMPTY = Buffer.alloc(0)
