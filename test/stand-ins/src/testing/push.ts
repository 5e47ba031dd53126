import protobuf from 'protobufjs'
import { compress } from 'snappyjs'
import type { Loki } from '../loki/index.ts'
import { request } from './request.ts'
import type { Reply } from './request.ts'

export const JSON_TYPE = { 'content-type': 'application/json' }
export const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' }

/** Now, or so many milliseconds later, in nanoseconds. */
export const ns = (afterMs = 0): string => String(BigInt(Date.now() + afterMs) * 1_000_000n)

/** Sends a push; an object becomes JSON. */
export const push = (
  loki: Loki,
  body: unknown,
  headers: Record<string, string> = JSON_TYPE,
): Promise<Reply> =>
  request(`${loki.url}/loki/api/v1/push`, {
    method: 'POST',
    headers,
    body:
      typeof body === 'string' || body instanceof Uint8Array
        ? (body as Uint8Array<ArrayBuffer>)
        : JSON.stringify(body),
  })

export const pushOne = (loki: Loki, stream: unknown, ...values: readonly unknown[]): Promise<Reply> =>
  push(loki, { streams: [{ stream, values }] })

/** Encodes a push as a client of its own would: the messages are written down again here. */
export const encode = (value: Record<string, unknown>): Buffer<ArrayBuffer> =>
  Buffer.from(PUSH.encode(PUSH.fromObject(value)).finish())

export const snappy = (bytes: Uint8Array): Buffer<ArrayBuffer> => Buffer.from(compress(bytes))

const PUSH = protobuf
  .parse(
    `syntax = "proto3";
    message Push { repeated Stream streams = 1; }
    message Stream { string labels = 1; repeated Entry entries = 2; }
    message Entry { Time timestamp = 1; string line = 2; repeated Pair structuredMetadata = 3; }
    message Time { int64 seconds = 1; int32 nanos = 2; }
    message Pair { string name = 1; string value = 2; }`,
  )
  .root.lookupType('Push')
