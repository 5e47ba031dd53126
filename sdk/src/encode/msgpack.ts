/** Writes values as MessagePack, one behind the other. */
export class MsgpackWriter {
  #bytes = Buffer.allocUnsafe(4096)
  #length = 0

  /** What was written so far. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Anything that JSON can hold, and bigint and bytes. What is no finite number is nil, what JSON leaves out of an object is left out. */
  value(value: unknown): void {
    if (typeof value === 'string') this.string(value)
    else if (typeof value === 'number') this.number(value)
    else if (typeof value === 'boolean') this.#byte(value ? 0xc3 : 0xc2)
    else if (typeof value === 'bigint') this.#bigint(value)
    else if (value instanceof Uint8Array) this.binary(value)
    else if (Array.isArray(value)) {
      this.arrayHead(value.length)
      for (const element of value) this.value(element)
    } else if (typeof value === 'object' && value !== null) this.#map(value as Record<string, unknown>)
    else this.#byte(0xc0)
  }

  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(value)
    else if (Number.isFinite(value)) {
      this.#head(0xcb, 8)
      this.#length = this.#bytes.writeDoubleBE(value, this.#length)
    } else this.#byte(0xc0)
  }

  string(text: string): void {
    const length = Buffer.byteLength(text)
    if (length < 32) this.#head(0xa0 | length, length)
    else this.#sized([0xd9, 0xda, 0xdb], length)
    this.#length += this.#bytes.write(text, this.#length)
  }

  binary(bytes: Uint8Array): void {
    this.#sized([0xc4, 0xc5, 0xc6], bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** `length` values are to follow. */
  arrayHead(length: number): void {
    if (length < 16) this.#byte(0x90 | length)
    else this.#counted([0xdc, 0xdd], length)
  }

  /** `length` pairs of a key and a value are to follow. */
  mapHead(length: number): void {
    if (length < 16) this.#byte(0x80 | length)
    else this.#counted([0xde, 0xdf], length)
  }

  /** An extension of 8 bytes: two unsigned numbers of 32 bits. */
  extension(type: number, first: number, second: number): void {
    this.#head(0xd7, 9)
    this.#bytes[this.#length++] = type
    this.#length = this.#bytes.writeUInt32BE(first, this.#length)
    this.#length = this.#bytes.writeUInt32BE(second, this.#length)
  }

  #map(object: Readonly<Record<string, unknown>>): void {
    const keys = Object.keys(object).filter((key) => isWritten(object[key]))
    this.mapHead(keys.length)
    for (const key of keys) {
      this.string(key)
      this.value(object[key])
    }
  }

  #integer(value: number): void {
    if (value >= 0) {
      if (value < 0x80) return this.#byte(value)
      if (value < 0x100) {
        this.#head(0xcc, 1)
        this.#bytes[this.#length++] = value
        return
      }
      if (value < 0x1_0000_0000) {
        this.#head(0xce, 4)
        this.#length = this.#bytes.writeUInt32BE(value, this.#length)
        return
      }
      this.#head(0xcf, 8)
      this.#length = this.#bytes.writeBigUInt64BE(BigInt(value), this.#length)
    } else if (value >= -32) this.#byte(value & 0xff)
    else if (value >= -0x8000_0000) {
      this.#head(0xd2, 4)
      this.#length = this.#bytes.writeInt32BE(value, this.#length)
    } else {
      this.#head(0xd3, 8)
      this.#length = this.#bytes.writeBigInt64BE(BigInt(value), this.#length)
    }
  }

  #bigint(value: bigint): void {
    if (value >= 0n && value < 2n ** 64n) {
      this.#head(0xcf, 8)
      this.#length = this.#bytes.writeBigUInt64BE(value, this.#length)
    } else if (value < 0n && value >= -(2n ** 63n)) {
      this.#head(0xd3, 8)
      this.#length = this.#bytes.writeBigInt64BE(value, this.#length)
      // MessagePack has no longer integer.
    } else this.string(String(value))
  }

  /** A head with a number of 8, 16 or 32 bits, and room for as many bytes as that says. */
  #sized([short, middle, long]: readonly [number, number, number], size: number): void {
    if (size < 0x100) {
      this.#head(short, 1 + size)
      this.#bytes[this.#length++] = size
    } else if (size < 0x1_0000) {
      this.#head(middle, 2 + size)
      this.#length = this.#bytes.writeUInt16BE(size, this.#length)
    } else {
      this.#head(long, 4 + size)
      this.#length = this.#bytes.writeUInt32BE(size, this.#length)
    }
  }

  #counted([short, long]: readonly [number, number], count: number): void {
    this.#head(count < 0x1_0000 ? short : long, 4)
    this.#length =
      count < 0x1_0000
        ? this.#bytes.writeUInt16BE(count, this.#length)
        : this.#bytes.writeUInt32BE(count, this.#length)
  }

  #byte(byte: number): void {
    this.#head(byte, 0)
  }

  /** A first byte, with room for so many behind it. */
  #head(byte: number, room: number): void {
    const needed = this.#length + 1 + room
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    this.#bytes[this.#length++] = byte
  }
}

function isWritten(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol'
}
