import protobuf from 'protobufjs'
import type { PushedStream } from './push-request.ts'
import { badRequest } from './refusal.ts'
import { checkWire } from './wire.ts'
import type { WireType } from './wire.ts'

/** Reads the protobuf form of a push, after decompression. Throws the refusal; nothing is stored then. */
export function readProtobufPush(bytes: Buffer, takesMetadata: boolean): PushedStream[] {
  let push: Push
  try {
    checkWire(bytes, PUSH_WIRE)
    push = PUSH_REQUEST.toObject(PUSH_REQUEST.decode(bytes), {
      longs: String,
      arrays: true,
      defaults: true,
    }) as Push
  } catch (error) {
    throw badRequest(`proto: ${(error as Error).message}`)
  }
  return push.streams.map(({ labels, entries }) => ({
    labels,
    entries: entries.map(({ timestamp, line, structuredMetadata }) => ({
      timestampNs: nanoseconds(timestamp),
      line,
      // A release that does not know the field passes over it.
      metadata: takesMetadata
        ? Object.fromEntries(structuredMetadata.map(({ name, value }) => [name, value]))
        : {},
    })),
  }))
}

/** From the documentation of the push API: logproto.PushRequest. */
const PROTO = `
syntax = "proto3";
package logproto;

message PushRequest { repeated StreamAdapter streams = 1; }
message StreamAdapter { string labels = 1; repeated EntryAdapter entries = 2; uint64 hash = 3; }
message EntryAdapter {
  Timestamp timestamp = 1;
  string line = 2;
  repeated LabelPairAdapter structuredMetadata = 3;
  repeated LabelPairAdapter parsed = 4;
}
message LabelPairAdapter { string name = 1; string value = 2; }
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
`

interface Push {
  readonly streams: readonly {
    readonly labels: string
    readonly entries: readonly {
      readonly timestamp: { readonly seconds: string; readonly nanos: number } | null
      readonly line: string
      readonly structuredMetadata: readonly { readonly name: string; readonly value: string }[]
    }[]
  }[]
}

const PUSH_REQUEST = protobuf.parse(PROTO).root.lookupType('logproto.PushRequest')
const PUSH_WIRE = wireType(PUSH_REQUEST)

function nanoseconds(timestamp: { readonly seconds: string; readonly nanos: number } | null): bigint {
  if (!timestamp) return 0n
  const { seconds, nanos } = timestamp
  if (nanos < 0 || nanos >= 1_000_000_000)
    throw badRequest(`timestamp: seconds:${seconds} nanos:${nanos} : nanos not in range [0, 1e9)`)
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos)
}

function wireType(type: protobuf.Type): WireType {
  return new Map(
    type.fieldsArray.map((field) => {
      const { name } = field.resolve()
      const inner = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined
      if (inner) return [field.id, { wire: 2, name, inner: wireType(inner) }]
      return [field.id, { wire: field.type === 'string' ? 2 : 0, name }]
    }),
  )
}
