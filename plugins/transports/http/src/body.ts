import { refused } from './answers.ts'
import { decode, encodingOf } from './encoding.ts'
import { gather } from './gathering.ts'
import type { Gathering, Room } from './gathering.ts'

export type Body = { readonly bytes: Buffer } | { readonly refusal: Response }
export type ReadBody = (request: Request) => Promise<Body>

/**
 * Reads whole bodies of at most `maxBodyBytes`, as sent and also after decompression. Those that arrive at the same time share a
 * bounded memory, so that many slow or hostile producers cannot fill the machine's.
 */
export function bodyReader(maxBodyBytes: number): ReadBody {
  const room: Room = { bytes: maxBodyBytes * BODIES_AT_ONCE }
  return async (request) => {
    const declared = request.headers.get('content-length')
    if (declared !== null && Number(declared) > maxBodyBytes) return { refusal: tooLarge(maxBodyBytes) }
    const body = gather(room, maxBodyBytes)
    try {
      const refusal = await collect(request, body, maxBodyBytes)
      if (refusal) return { refusal }
      if (declared !== null && Number(declared) !== body.bytes().length) return { refusal: incomplete() }
      return await unpack(body.bytes(), encodingOf(request.headers), maxBodyBytes)
    } finally {
      body.release()
    }
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
    else if (!body.add(value)) return crowded()
  }
}

async function unpack(bytes: Buffer, encoding: string, maxBytes: number): Promise<Body> {
  try {
    return { bytes: await decode(bytes, encoding, maxBytes) }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE') return { refusal: tooLarge(maxBytes) }
    return { refusal: refused(400, `The body is not valid ${encoding}: ${message}.`) }
  }
}

function tooLarge(maxBytes: number, headers: Record<string, string> = {}): Response {
  const sentence = `The body is larger than ${maxBytes} bytes; send less at once or raise maxBodyBytes.`
  return refused(413, sentence, headers)
}

function crowded(): Response {
  const sentence = 'Too many bodies arrive at once; send the message again.'
  return refused(503, sentence, { 'retry-after': '1', connection: 'close' })
}

function incomplete(): Response {
  return refused(400, 'The body did not arrive whole.')
}
