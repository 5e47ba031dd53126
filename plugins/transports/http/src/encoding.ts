import { createGunzip, createInflate } from 'node:zlib'
import type { Gunzip, Inflate } from 'node:zlib'

/** The body's Content-Encoding in lower case; `identity` when there is none. */
export function encodingOf(headers: Headers): string {
  return headers.get('content-encoding')?.trim().toLowerCase() || 'identity'
}

export function knowsEncoding(name: string): boolean {
  return name === 'identity' || unpackers.has(name)
}

/** The decoded bytes, piece by piece: no more is unpacked than is asked for, whatever the body claims to hold. */
export async function* decode(bytes: Buffer, name: string): AsyncGenerator<Buffer, void> {
  const unpack = unpackers.get(name)
  if (!unpack) return yield bytes
  // The stream alone would take nothing at all for a whole body.
  if (bytes.length === 0) throw new Error('unexpected end of file')
  const unpacking = unpack()
  unpacking.end(bytes)
  yield* unpacking as AsyncIterable<Buffer>
}

const unpackers: ReadonlyMap<string, () => Gunzip | Inflate> = new Map<string, () => Gunzip | Inflate>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
])
