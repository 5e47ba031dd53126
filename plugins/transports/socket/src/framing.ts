import { lengthFramer, LENGTH_32_BE, LENGTH_64_LE } from './length-framing.ts'
import { lineFramer } from './line-framing.ts'
import type { SocketOptions } from './options.ts'

/** Cuts one connection's bytes into messages. */
export interface Framer {
  /** Takes what arrived. Throws a sentence about the peer's mistake when the rest of the stream has no meaning. */
  feed(chunk: Buffer): void
  /** The peer has ended the stream in good order. */
  end(): void
  /** Bytes of a message that is not whole yet. */
  readonly pending: number
}

/** What a framer found. */
export interface Frames {
  /** A whole message: a part of the chunk wherever it lay in one. */
  message(body: Buffer): void
  /** A message is longer than the limit and is left out. */
  tooLong(): void
}

export function makeFramer(framing: SocketOptions['framing'], maxBytes: number, frames: Frames): Framer {
  switch (framing) {
    case 'newline':
      return lineFramer(maxBytes, frames)
    case 'length32be':
      return lengthFramer(LENGTH_32_BE, maxBytes, frames)
    case 'length64le':
      return lengthFramer(LENGTH_64_LE, maxBytes, frames)
  }
}
