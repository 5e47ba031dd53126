import type { Message } from '@smart-gateway/sdk'
import type { Transferable } from 'node:worker_threads'

/** Messages as they cross to another thread: all bodies in one buffer that moves. */
export interface Messages {
  readonly bytes: Uint8Array
  /** Where each body ends. */
  readonly ends: Uint32Array
  /** What else each message has; undefined where that is nothing. */
  readonly rests: readonly (Omit<Message, 'body'> | undefined)[]
}

/** Messages ready to cross, and the buffers that move with them. The messages themselves stay as they are. */
export function packMessages(messages: readonly Message[]): {
  readonly packed: Messages
  readonly buffers: readonly Transferable[]
} {
  const ends = new Uint32Array(messages.length)
  let total = 0
  for (const [i, { body }] of messages.entries()) ends[i] = total += body.length
  const bytes = new Uint8Array(total)
  for (const [i, { body }] of messages.entries()) bytes.set(body, ends[i]! - body.length)
  const rests = messages.map(({ body: _, ...rest }) => (isEmpty(rest) ? undefined : rest))
  return { packed: { bytes, ends, rests }, buffers: [bytes.buffer, ends.buffer] as Transferable[] }
}

export function unpackMessages({ bytes, ends, rests }: Messages): readonly Message[] {
  return rests.map((rest, i) => {
    const start = i === 0 ? 0 : ends[i - 1]!
    return { ...rest, body: Buffer.from(bytes.buffer, bytes.byteOffset + start, ends[i]! - start) }
  })
}

function isEmpty(rest: object): boolean {
  for (const _ in rest) return false
  return true
}
