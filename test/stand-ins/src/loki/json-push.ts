import { JsonError, parseJson } from '../json.ts'
import type { JsonNode } from '../json.ts'
import { quote } from './labels.ts'
import type { PushedEntry, PushedStream } from './push-request.ts'
import { badRequest } from './refusal.ts'
import type { Refusal } from './refusal.ts'

/** Reads the JSON form of a push. Throws the refusal; nothing of the request is stored then. */
export function readJsonPush(body: Buffer, takesMetadata: boolean): PushedStream[] {
  if (body.length === 0) throw badRequest('EOF')
  const [root] = nodesOf(body)
  if (root?.kind !== 'object')
    throw badRequest(
      `readObjectStart: expect { or n, but found ${body.toString('utf8', 0, 1)}, error found in #1 byte`,
    )
  const streams = field(root, 'streams')
  if (!streams || streams.kind === 'null') return []
  if (streams.kind !== 'array') throw malformed('decode slice: expect [ or n, but found', streams, body)
  return streams.items.map((stream) => readStream(stream, body, takesMetadata))
}

const CONTEXT_BYTES = 40
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n }
const NOT_A_STRING = `Value looks like string, but can't find closing '"' symbol`
const NOT_AN_OBJECT = `Value looks like object, but can't find closing '}' symbol`
const NOT_AN_ARRAY = `Value looks like array, but can't find closing ']' symbol`
const NOT_A_NUMBER = `Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol`

function readStream(node: JsonNode, body: Buffer, takesMetadata: boolean): PushedStream {
  if (node.kind !== 'object') throw malformed(NOT_AN_OBJECT, node, body)
  const labels = field(node, 'stream')
  const values = field(node, 'values')
  // Loki itself would take numbers for label values; its documentation does not.
  const pairs = labels && labels.kind !== 'null' ? strings(labels, body) : []
  if (values && values.kind !== 'null' && values.kind !== 'array') throw malformed(NOT_AN_ARRAY, values, body)
  return {
    // Names go in unquoted: a bad one is found when the label set is parsed.
    labels: `{${pairs.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`,
    entries:
      values?.kind === 'array' ? values.items.map((entry) => readEntry(entry, body, takesMetadata)) : [],
  }
}

function readEntry(node: JsonNode, body: Buffer, takesMetadata: boolean): PushedEntry {
  if (node.kind !== 'array') throw malformed(NOT_AN_ARRAY, node, body)
  const [timestamp, line, metadata, extra] = node.items
  if (timestamp?.kind !== 'string') throw malformed(NOT_A_STRING, timestamp ?? node, body)
  if (line?.kind !== 'string') throw malformed(NOT_A_STRING, line ?? node, body)
  if (metadata && (!takesMetadata || metadata.kind !== 'object'))
    throw malformed(NOT_AN_OBJECT, metadata, body)
  if (extra) throw malformed('Unknown value type', extra, body)
  const timestampNs = /^-?\d{1,19}$/.test(timestamp.value) ? BigInt(timestamp.value) : undefined
  if (timestampNs === undefined || timestampNs < INT64.min || timestampNs > INT64.max)
    throw malformed(NOT_A_NUMBER, timestamp, body)
  return {
    timestampNs,
    line: line.value,
    metadata: metadata ? Object.fromEntries(strings(metadata, body)) : {},
  }
}

function strings(node: JsonNode, body: Buffer): (readonly [string, string])[] {
  if (node.kind !== 'object') throw malformed(NOT_AN_OBJECT, node, body)
  return [
    ...new Map(
      node.fields.map(({ name, value }) => {
        if (value.kind !== 'string') throw malformed(NOT_A_STRING, value, body)
        return [name, value.value] as const
      }),
    ),
  ]
}

function nodesOf(body: Buffer): JsonNode[] {
  try {
    return parseJson(body, { duplicates: 'keep' }).nodes
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw badRequest(`loghttp.PushRequest: ${error.message}, ${shown(body, error.at)}`)
  }
}

/** The last field of that name, as Go's decoders take it. */
const field = (node: Extract<JsonNode, { kind: 'object' }>, name: string): JsonNode | undefined =>
  node.fields.findLast((field) => field.name === name)?.value

function malformed(message: string, node: JsonNode, body: Buffer): Refusal {
  return badRequest(
    `loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: ${message}, ${shown(body, node.at)}`,
  )
}

function shown(body: Buffer, at: number): string {
  const near = body.toString().slice(Math.max(0, at - CONTEXT_BYTES), at + CONTEXT_BYTES)
  return `error found in #10 byte of ...|${near.slice(0, 20)}|..., bigger context ...|${near}|...`
}
