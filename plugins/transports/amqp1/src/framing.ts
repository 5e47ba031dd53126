/** The largest frame that is announced and taken. Larger messages come in several. */
export const MAX_FRAME_BYTES = 65_536

/** What of some bytes rhea can be given. */
export interface Frames {
  /** How many bytes from the start: one protocol header, or whole frames. */
  readonly bytes: number
  /** Another protocol header follows them. */
  readonly headerNext: boolean
}

/** Finds the end of the last whole frame. Throws when what is there can never become a frame. */
export function nextFrames(rest: Buffer): Frames {
  let bytes = 0
  while (rest.length - bytes >= HEADER_BYTES) {
    const size = rest.readUInt32BE(bytes)
    if (size === AMQP) {
      if (bytes > 0) return { bytes, headerNext: true }
      return { bytes: HEADER_BYTES, headerNext: false }
    }
    if (size < HEADER_BYTES || size > MAX_FRAME_BYTES) throw new Error(flawOf(rest, bytes, size))
    if (rest.length - bytes < size) break
    bytes += size
  }
  return { bytes, headerNext: false }
}

/** Both a protocol header and the head of a frame have this length. */
const HEADER_BYTES = 8
/** `AMQP` where a frame has its size. */
const AMQP = 0x414d5150
/** A TLS record of a handshake. */
const TLS = 0x16
/** The beginning of a request or of an answer. */
const HTTP = /^(?:[A-Z]{3,7} |HTTP\/)/

function flawOf(rest: Buffer, at: number, size: number): string {
  if (rest[at] === TLS && rest[at + 1] === 3) return 'the peer speaks TLS, which is not spoken here'
  if (HTTP.test(rest.toString('latin1', at, at + HEADER_BYTES))) return 'the peer speaks HTTP, not AMQP'
  return `a frame of ${size} bytes, where 8 to ${MAX_FRAME_BYTES} are admitted`
}
