import rhea from 'rhea'

/**
 * Makes rhea's decoder safe and exact; doing it twice is fine. A list of a few bytes may claim 2^25 members, for which rhea takes
 * 256 MiB at once, and an array of members without bytes may claim 2^32, which it makes one by one. Integers beyond 2^53, which it
 * returns as buffers like binary values, become bigint.
 */
export function hardenDecoder(): void {
  Reader.prototype.read_n = function (count) {
    claim(this, count)
    const values: unknown[] = []
    while (values.length < count) values.push(this.read())
    return values
  }
  Reader.prototype.read_array_items = function (count, type) {
    claim(this, count)
    const values: unknown[] = []
    while (values.length < count) values.push(this.read_value(type))
    return values
  }
  by_code[ULONG].read = readUlong
  by_code[LONG].read = readLong
}

/** What is used of rhea beyond its typings. */
interface Reader {
  remaining(): number
  read(): unknown
  read_value(type: unknown): unknown
  read_n(count: number): unknown[]
  read_array_items(count: number, type: unknown): unknown[]
}
interface Type {
  read(bytes: Buffer, offset: number): unknown
}

const ULONG = 0x80
const LONG = 0x81
/** The high half of integers from 2^53 on. */
const UNSAFE_HIGH = 2 ** 21

const { Reader, by_code } = rhea.types as unknown as {
  Reader: { readonly prototype: Reader }
  by_code: Record<typeof ULONG | typeof LONG, Type>
}

function claim(reader: Reader, count: number): void {
  if (count > reader.remaining()) throw new Error(`${count} values cannot be in ${reader.remaining()} bytes`)
}

function readUlong(bytes: Buffer, offset: number): number | bigint {
  const high = bytes.readUInt32BE(offset)
  return high < UNSAFE_HIGH ? high * 2 ** 32 + bytes.readUInt32BE(offset + 4) : bytes.readBigUInt64BE(offset)
}

function readLong(bytes: Buffer, offset: number): number | bigint {
  const high = bytes.readInt32BE(offset)
  return high < UNSAFE_HIGH && high >= -UNSAFE_HIGH
    ? high * 2 ** 32 + bytes.readUInt32BE(offset + 4)
    : bytes.readBigInt64BE(offset)
}
