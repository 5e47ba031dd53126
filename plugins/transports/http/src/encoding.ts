import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'

/** The body's Content-Encoding in lower case; `identity` when there is none. */
export function encodingOf(headers: Headers): string {
  return headers.get('content-encoding')?.trim().toLowerCase() || 'identity'
}

export function knowsEncoding(name: string): boolean {
  return name === 'identity' || unpackers.has(name)
}

/** Undoes the encoding. Stops with code `ERR_BUFFER_TOO_LARGE` as soon as there are more than `maxBytes`. */
export async function decode(bytes: Buffer, name: string, maxBytes: number): Promise<Buffer> {
  const unpack = unpackers.get(name)
  return unpack ? unpack(bytes, { maxOutputLength: maxBytes }) : bytes
}

type Unpack = (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>
const gzip: Unpack = promisify(gunzip)
const deflate: Unpack = promisify(inflate)
const unpackers: ReadonlyMap<string, Unpack> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
])
