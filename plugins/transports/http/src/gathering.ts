/** A body as far as it has arrived or is unpacked. */
export interface Gathering {
  /** False when there is no room for the chunk. */
  add(chunk: Uint8Array): boolean
  bytes(): Buffer
  /** Gives its memory back to the room. */
  release(): void
}

/** The memory that all bodies of one transport share. */
export interface Room {
  bytes: number
}

/**
 * Begins a body of at most `maxBytes`. It is one growing buffer and not a list of chunks: of a body that is sent in chunks of
 * one byte a list would take a hundred times its size.
 */
export function gather(room: Room, maxBytes: number): Gathering {
  let buffer = Buffer.alloc(0)
  let length = 0
  const grow = (needed: number): boolean => {
    const capacity = Math.min(maxBytes, Math.max(FIRST_BYTES, buffer.length * 2, needed))
    if (capacity - buffer.length > room.bytes) return false
    room.bytes -= capacity - buffer.length
    const larger = Buffer.allocUnsafeSlow(capacity)
    buffer.copy(larger, 0, 0, length)
    buffer = larger
    return true
  }
  return {
    add(chunk) {
      const needed = length + chunk.byteLength
      if (needed > buffer.length && !grow(needed)) return false
      buffer.set(chunk, length)
      length = needed
      return true
    },
    bytes: () => buffer.subarray(0, length),
    release() {
      room.bytes += buffer.length
      buffer = Buffer.alloc(0)
      length = 0
    },
  }
}

const FIRST_BYTES = 16_384
