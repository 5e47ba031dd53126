import { Assembly } from './assembly.ts'
import type { Framer, Frames } from './framing.ts'

/** The number before each message. */
export interface Prefix {
  readonly bytes: number
  read(from: Buffer, at: number): number
}

export const LENGTH_32_BE: Prefix = { bytes: 4, read: (from, at) => from.readUInt32BE(at) }

/** Signed, as its senders mean it; beyond 2^53 it is only nearly right, and refused all the same. */
export const LENGTH_64_LE: Prefix = {
  bytes: 8,
  read: (from, at) => from.readInt32LE(at + 4) * 2 ** 32 + from.readUInt32LE(at),
}

/** A message follows its length. One of length 0 is nothing. */
export function lengthFramer(prefix: Prefix, maxBytes: number, { message }: Frames): Framer {
  const head = new Assembly()
  const begun = new Assembly()
  /** The length of the message that has begun. */
  let length: number | undefined

  const lengthIn = (from: Buffer, at: number): number => {
    const length = prefix.read(from, at)
    if (length < 0 || length > maxBytes)
      throw new Error(`announced a message of ${length} bytes; at most ${maxBytes} are taken`)
    return length
  }

  return {
    feed(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (length === undefined) {
          const end = at + prefix.bytes - head.length
          if (head.length === 0 && end <= chunk.length) length = lengthIn(chunk, at)
          else {
            head.add(chunk.subarray(at, end))
            if (head.length < prefix.bytes) return
            length = lengthIn(head.take(), 0)
          }
          at = end
        }
        const part = chunk.subarray(at, at + length - begun.length)
        at += part.length
        if (part.length < length) {
          begun.add(part)
          if (begun.length < length) return
        }
        if (length > 0) message(begun.length > 0 ? begun.take() : part)
        length = undefined
      }
    },
    end() {},
    get pending() {
      return length === undefined ? head.length : prefix.bytes + begun.length
    },
  }
}
