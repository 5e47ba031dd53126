import { uncompress } from 'snappyjs'
import { badRequest } from './refusal.ts'

/** Decompresses a raw snappy block, refusing what Go's decoder refuses: snappyjs overlooks lengths that are wrong. */
export function decompressSnappy(block: Buffer): Buffer {
  try {
    checkLength(block)
    return Buffer.from(uncompress(block))
  } catch {
    throw badRequest('snappy: corrupt input')
  }
}

/** Walks over the elements and adds up what they would write. */
function checkLength(block: Buffer): void {
  let [length, at] = varint(block)
  while (at < block.length) {
    const tag = block[at] as number
    const kind = tag & 3
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59)
      const size = (extra === 0 ? tag >> 2 : block.readUIntLE(at + 1, extra)) + 1
      at += 1 + extra + size
      length -= size
    } else {
      length -= kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
      at += [0, 2, 3, 5][kind] as number
    }
  }
  if (length !== 0 || at !== block.length) throw new RangeError('lengths do not add up')
}

function varint(block: Buffer): [value: number, end: number] {
  let value = 0
  for (let at = 0; at < 5; at += 1) {
    const byte = block[at]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return [value, at + 1]
  }
  throw new RangeError('no length')
}
