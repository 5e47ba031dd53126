import type { Context } from 'hono'
import { BadRequest } from './dead-letter-requests.ts'

/** A request whose body is longer than any that means something. */
export class TooLarge extends Error {}

const MAX_REQUEST_BYTES = 64 * 1024

/** The JSON of a request's body; `{}` where there is none. Throws TooLarge or BadRequest. */
export async function jsonBodyOf(c: Context): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of c.req.raw.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) throw new TooLarge(`a request has at most ${MAX_REQUEST_BYTES} bytes`)
    chunks.push(chunk)
  }
  if (bytes === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new BadRequest('the body is not JSON')
  }
}
