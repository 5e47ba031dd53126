/** One frame of AMQP 0-9-1. */
export interface Frame {
  readonly type: number
  readonly channel: number
  readonly payload: Buffer
}

export const METHOD = 1
export const HEADER = 2
export const BODY = 3

/** A method's class and id as one number. */
export const DELIVER = methodOf(60, 60)
export const ACK = methodOf(60, 80)
export const REJECT = methodOf(60, 90)
export const NACK = methodOf(60, 120)
export const CHANNEL_CLOSE = methodOf(20, 40)

const PREAMBLE = Buffer.from('AMQP')
const PREAMBLE_BYTES = 8
const FRAME_HEAD_BYTES = 7

/** Cuts what comes over a connection into frames; what is not whole yet waits for the next chunk. */
export function frameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (rest.subarray(0, 4).equals(PREAMBLE)) rest = rest.subarray(PREAMBLE_BYTES)
    while (rest.length >= FRAME_HEAD_BYTES) {
      const end = FRAME_HEAD_BYTES + rest.readUInt32BE(3)
      if (rest.length <= end) return
      onFrame({
        type: rest[0]!,
        channel: rest.readUInt16BE(1),
        payload: rest.subarray(FRAME_HEAD_BYTES, end),
      })
      rest = rest.subarray(end + 1)
    }
  }
}

/** The method that a method frame's payload begins with. */
export function methodIn(payload: Buffer): number {
  return payload.readUInt32BE(0)
}

/** Reads the arguments of `basic.deliver`. */
export function readDeliver(payload: Buffer): { readonly tag: number; readonly redelivered: boolean } {
  const at = 5 + payload[4]!
  return { tag: Number(payload.readBigUInt64BE(at)), redelivered: (payload[at + 8]! & 1) === 1 }
}

/** Reads a delivery tag and the bits behind it: of `basic.ack` and `basic.nack` the first says `multiple`. */
export function readTag(payload: Buffer): { readonly tag: number; readonly bits: number } {
  return { tag: Number(payload.readBigUInt64BE(4)), bits: payload[12]! }
}

/** Reads why a channel is closed. */
export function readClose(payload: Buffer): { readonly code: number; readonly text: string } {
  const length = payload[6]!
  return { code: payload.readUInt16BE(4), text: payload.toString('utf8', 7, 7 + length) }
}

function methodOf(classId: number, methodId: number): number {
  return classId * 65_536 + methodId
}
