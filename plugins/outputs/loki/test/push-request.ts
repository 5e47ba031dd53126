import { PbfReader } from 'pbf'
import { uncompress } from 'snappyjs'

/** A decoded logproto.PushRequest. */
export interface PushRequest {
  readonly streams: { labels: string; entries: DecodedEntry[] }[]
}

export interface DecodedEntry {
  seconds: number
  nanos: number
  line: string
  readonly metadata: [string, string][]
}

/** Decodes what `encoding: protobuf` sends. */
export function decodePush(body: Buffer): PushRequest {
  return new PbfReader(uncompress(body)).readFields<PushRequest>(
    (tag, { streams }, pbf) => {
      if (tag === 1) streams.push(pbf.readMessage(readStream, { labels: '', entries: [] }))
    },
    { streams: [] },
  )
}

function readStream(tag: number, stream: PushRequest['streams'][number], pbf: PbfReader): void {
  if (tag === 1) stream.labels = readText(pbf)
  if (tag === 2)
    stream.entries.push(pbf.readMessage(readEntry, { seconds: 0, nanos: 0, line: '', metadata: [] }))
}

function readEntry(tag: number, entry: DecodedEntry, pbf: PbfReader): void {
  if (tag === 1) pbf.readMessage(readTimestamp, entry)
  if (tag === 2) entry.line = readText(pbf)
  if (tag === 3) entry.metadata.push(pbf.readMessage(readPair, ['', '']))
}

function readTimestamp(tag: number, entry: DecodedEntry, pbf: PbfReader): void {
  if (tag === 1) entry.seconds = pbf.readVarint(true)
  if (tag === 2) entry.nanos = pbf.readVarint(true)
}

function readPair(tag: number, pair: [string, string], pbf: PbfReader): void {
  pair[tag - 1] = readText(pbf)
}

// The reader's own way swallows a byte order mark.
function readText(pbf: PbfReader): string {
  return Buffer.from(pbf.readBytes()).toString()
}
