import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import rhea from 'rhea'

/** AMQP written by hand, for what no client library would send. */

export const HEADER = Buffer.from('AMQP\0\u0001\0\0')
export const SASL_HEADER = Buffer.from('AMQP\u0003\u0001\0\0')

interface Value {
  readonly type: unknown
}
interface Types {
  readonly Writer: new () => { write(value: Value): void; toBuffer(): Buffer }
  wrap(value: unknown): Value
  wrap_ulong(value: number): Value
  described(descriptor: Value, value: Value): Value
}
const types = rhea.types as unknown as Types

/** The bytes of a value: a JavaScript one as rhea would encode it. */
export function encoded(value: unknown): Buffer {
  const writer = new types.Writer()
  writer.write(types.wrap(value))
  return writer.toBuffer()
}

/** A performative or section with a descriptor. */
export function described(code: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0x53, code]), value])
}

/** A frame on channel 0 with whatever is in it. */
export function frameOf(...parts: Buffer[]): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 2, 0, 0, 0])
  const frame = Buffer.concat([head, ...parts])
  frame.writeUInt32BE(frame.length)
  return frame
}

export const OPEN = frameOf(described(0x10, encoded(['hostile'])))
export const BEGIN = frameOf(described(0x11, encoded([null, 0, 2048, 2048])))

/** Attaches a sender whose messages name their addresses. */
export function attach(handle: number): Buffer {
  const target = types.described(types.wrap_ulong(0x29), types.wrap([null]))
  const typed = { toRheaTyped: () => target }
  return frameOf(
    described(0x12, encoded([`link-${handle}`, handle, false, null, null, null, typed, null, null, 0])),
  )
}

/** A piece of a message. */
export function transfer(
  {
    handle = 0,
    id = 0,
    more = false,
    aborted = false,
  }: { handle?: number; id?: number | null; more?: boolean; aborted?: boolean },
  payload: Buffer,
): Buffer {
  const fields = [handle, id, Buffer.from([id ?? 0]), 0, false, more, null, null, false, aborted]
  return frameOf(described(0x14, encoded(fields)), payload)
}

/** A message to an address with a string in it. */
export function message(to: string, body: string): Buffer {
  return Buffer.concat([described(0x73, encoded([null, null, to])), described(0x77, encoded(body))])
}

/** A socket that writes what it is told, and what came back on it. */
export interface Hand {
  readonly socket: Socket
  write(...chunks: (Buffer | string)[]): void
  /** All bytes that came, in hexadecimal digits. */
  answered(): string
}

export async function connectByHand(port: number): Promise<Hand> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
  await once(socket, 'connect')
  return {
    socket,
    write: (...written) => void written.forEach((chunk) => socket.write(chunk)),
    answered: () => Buffer.concat(chunks).toString('hex'),
  }
}
