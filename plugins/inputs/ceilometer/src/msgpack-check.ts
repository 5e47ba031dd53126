import { isUtf8 } from 'node:buffer'

/**
 * Throws unless a body holds one whole value, of the types that ceilometer uses, and nothing else. It keeps nothing while it
 * walks: the library allocates what a header announces before it has seen a byte of it (64 KB of nested headers make it
 * take gigabytes), and reads invalid UTF-8 as if it were valid.
 */
export function checkMsgpack(body: Buffer): void {
  let at = 0
  let missing = 1
  /** For each open array and map: how many values are missing when it is complete. */
  const ends: number[] = []
  while (missing > 0) {
    const head = body[at++]!
    const width = widthOf(head)
    if (at + width > body.length) throw new Error('it ends too early')
    const length = lengthOf(head, body, at, width)
    at += width
    missing--
    if (isContainer(head)) {
      if (length > 0) ends.push(missing)
      if (ends.length > maxDepth) throw new Error(`it nests deeper than ${maxDepth} levels`)
      missing += isMap(head) ? length * 2 : length
    } else if (length > 0) {
      if (isText(head) && !isUtf8(body.subarray(at, at + length))) throw new Error('a string is not UTF-8')
      at += length
    }
    // Every value takes a byte at least.
    if (missing > body.length - at) throw new Error('it ends too early')
    while (ends.at(-1) === missing) ends.pop()
  }
  if (at < body.length) throw new Error(`${body.length - at} bytes follow its end`)
}

const maxDepth = 100

/** How many bytes behind the head are a number or a length. */
function widthOf(head: number): number {
  if (head < 0xc0 || head >= 0xe0) return 0
  const width = widths[head - 0xc0]!
  if (width < 0) throw new Error(`type 0x${head.toString(16)} is none of ceilometer's`)
  return width
}

/** From 0xc0 to 0xdf; -1 is what msgpack never uses (0xc1) and extensions. */
const widths = [
  0, -1, 0, 0, 1, 2, 4, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, -1, -1, -1, -1, -1, 1, 2, 4, 2, 4, 2, 4,
]

function lengthOf(head: number, body: Buffer, at: number, width: number): number {
  if (head < 0x80 || head >= 0xe0) return 0
  if (head < 0xa0) return head - (head < 0x90 ? 0x80 : 0x90)
  if (head < 0xc0) return head - 0xa0
  return head >= 0xd9 || (head >= 0xc4 && head <= 0xc6) ? body.readUIntBE(at, width) : 0
}

function isMap(head: number): boolean {
  return (head >= 0x80 && head < 0x90) || head === 0xde || head === 0xdf
}

function isContainer(head: number): boolean {
  return (head >= 0x80 && head < 0xa0) || (head >= 0xdc && head < 0xe0)
}

function isText(head: number): boolean {
  return (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb)
}
