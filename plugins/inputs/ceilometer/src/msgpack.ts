import { decode } from '@msgpack/msgpack'
import { permanent } from '@smart-gateway/sdk'
import { checkMsgpack } from './msgpack-check.ts'

/** Whether a body begins as a msgpack map, as no JSON does. */
export function isMsgpack(body: Buffer): boolean {
  const head = body[0]!
  return (head >= 0x80 && head <= 0x8f) || head === 0xde || head === 0xdf
}

/** Parses the one value that a body holds; integers beyond 2^53 come as the nearest double. Throws a permanent error. */
export function parseMsgpack(body: Buffer): unknown {
  try {
    checkMsgpack(body)
    return decode(body)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw permanent(`the body is not one msgpack map: ${reason}`, { cause })
  }
}
