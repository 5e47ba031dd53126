import { gunzipSync, inflateSync } from 'node:zlib'
import { refuse } from './refusal.ts'

/** The body after its Content-Encoding. Throws BodyTooLarge. */
export function decompress(body: Buffer, encoding: string | undefined, limitBytes: number): Buffer {
  if (body.length > limitBytes) throw new BodyTooLarge()
  try {
    if (encoding === 'gzip') return gunzipSync(body, { maxOutputLength: limitBytes })
    if (encoding === 'deflate') return inflateSync(body, { maxOutputLength: limitBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLarge()
    throw refuse(400, 'decompression_exception', (error as Error).message)
  }
  // An encoding that Netty does not know stays as it is, and does not parse.
  return body
}

/** Answered with 413 and nothing else. */
export class BodyTooLarge extends Error {}
