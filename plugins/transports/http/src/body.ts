import { refused } from './answers.ts'
import { decode, encodingOf } from './encoding.ts'
import { gather } from './gathering.ts'
import type { Gathering, Room } from './gathering.ts'

export type Body = Kept | { readonly refusal: Response }
export type ReadBody = (request: Request) => Promise<Body>

/** A body that occupies memory until it is released. */
export interface Kept {
  readonly bytes: Buffer
  release(): void
}

/**
 * Reads whole bodies of at most `maxBodyBytes`, as sent and also after decompression. From their first byte until they are
 * released they share a bounded memory, so that many slow or hostile producers cannot fill the machine's.
 */
export function bodyReader(maxBodyBytes: number): ReadBody {
  const room: Room = { bytes: maxBodyBytes * BODIES_AT_ONCE }
  return async (request) => {
    const declared = request.headers.get('content-length')
    if (declared !== null && Number(declared) > maxBodyBytes) return { refusal: tooLarge(maxBodyBytes) }
    const sent = gather(room, maxBodyBytes)
    const cut = () => declared !== null && Number(declared) !== sent.bytes().length
    const refusal = (await collect(request, sent, maxBodyBytes)) ?? (cut() ? incomplete() : undefined)
    const encoding = encodingOf(request.headers)
    if (!refusal && encoding === 'identity') return kept(sent)
    const body = refusal
      ? { refusal }
      : await unpack(sent.bytes(), encoding, gather(room, maxBodyBytes), maxBodyBytes)
    sent.release()
    return body
  }
}

// Room for 16 bodies of the largest size is room for about a thousand of collectd's 64 KiB.
const BODIES_AT_ONCE = 16

async function collect(request: Request, body: Gathering, maxBytes: number): Promise<Response | undefined> {
  if (request.signal.aborted) return incomplete()
  if (!request.body) return undefined
  // The stream is left and not cancelled: cancelling it would take the socket away before the answer is sent.
  const reader = request.body.getReader()
  const leave = () => reader.releaseLock()
  request.signal.addEventListener('abort', leave)
  try {
    return await drain(reader, body, maxBytes)
  } catch {
    return incomplete()
  } finally {
    request.signal.removeEventListener('abort', leave)
    leave()
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

async function drain(reader: Reader, body: Gathering, maxBytes: number): Promise<Response | undefined> {
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return size > maxBytes ? tooLarge(maxBytes) : undefined
    size += value.byteLength
    // What is a little too much is read to its end and dropped: a producer that is still sending may never see an answer.
    if (size > 2 * maxBytes) return tooLarge(maxBytes, { connection: 'close' })
    if (size > maxBytes) body.release()
    else if (!body.add(value)) return crowded({ connection: 'close' })
  }
}

async function unpack(sent: Buffer, encoding: string, body: Gathering, maxBytes: number): Promise<Body> {
  const refusal = await fill(body, decode(sent, encoding), maxBytes).catch(({ message }: Error) =>
    refused(400, `The body is not valid ${encoding}: ${message}.`),
  )
  if (!refusal) return kept(body)
  body.release()
  return { refusal }
}

async function fill(
  body: Gathering,
  pieces: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<Response | undefined> {
  for await (const piece of pieces) {
    if (body.bytes().length + piece.length > maxBytes) return tooLarge(maxBytes)
    if (!body.add(piece)) return crowded()
  }
  return undefined
}

function kept(body: Gathering): Kept {
  return { bytes: body.bytes(), release: () => body.release() }
}

function tooLarge(maxBytes: number, headers: Record<string, string> = {}): Response {
  const sentence = `The body is larger than ${maxBytes} bytes; send less at once or raise maxBodyBytes.`
  return refused(413, sentence, headers)
}

function crowded(headers: Record<string, string> = {}): Response {
  const sentence = 'Too many bodies are in memory at once; send the message again.'
  return refused(503, sentence, { 'retry-after': '1', ...headers })
}

function incomplete(): Response {
  return refused(400, 'The body did not arrive whole.')
}
