/**
 * Bytes of one message that arrive in pieces. They are copied into one buffer that doubles as it grows: a peer that sends byte by
 * byte costs neither quadratic time nor an object for each byte, and one that only announces a large message costs nothing.
 */
export class Assembly {
  #buffer = EMPTY
  #length = 0

  get length(): number {
    return this.#length
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length
    if (length > this.#buffer.length) this.#grow(length)
    piece.copy(this.#buffer, this.#length)
    this.#length = length
  }

  /** What was added since the last time; it belongs to the caller. */
  take(): Buffer {
    const whole = this.#buffer.subarray(0, this.#length)
    this.drop()
    return whole
  }

  drop(): void {
    this.#buffer = EMPTY
    this.#length = 0
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#buffer.length, 512))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

const EMPTY = Buffer.alloc(0)
