import { PbfWriter } from 'pbf'
import { compress } from 'snappyjs'
import type { Body } from './body.ts'
import type { Entry, Pairs, Push, Stream } from './stream.ts'

/** A push as logproto.PushRequest with snappy's block format. */
export function protobufBody(push: Push): Body {
  const writer = new PbfWriter()
  for (const stream of push) writer.writeMessage(1, writeStream, stream)
  const { buffer, byteOffset, length } = compress(writer.finish())
  return {
    bytes: Buffer.from(buffer, byteOffset, length),
    headers: { 'Content-Type': 'application/x-protobuf' },
  }
}

/** Labels as Loki parses them: Go's strings, which every string of JSON is too. */
export function labelText(labels: Pairs): string {
  const pairs: string[] = []
  for (let i = 0; i < labels.length; i += 2) pairs.push(`${labels[i]!}=${JSON.stringify(labels[i + 1])}`)
  return `{${pairs.join(', ')}}`
}

function writeStream({ labels, entries }: Stream, writer: PbfWriter): void {
  writer.writeStringField(1, labelText(labels))
  for (const entry of entries) writer.writeMessage(2, writeEntry, entry)
}

function writeEntry(entry: Entry, writer: PbfWriter): void {
  const { line, metadata } = entry
  writer.writeMessage(1, writeTimestamp, entry)
  writer.writeStringField(2, line)
  for (let i = 0; i < metadata.length; i += 2)
    writer.writeMessage(3, writePair, [metadata[i]!, metadata[i + 1]!])
}

function writeTimestamp({ timeMs, timeNs }: Entry, writer: PbfWriter): void {
  writer.writeVarintField(1, Math.floor(timeMs / 1000))
  writer.writeVarintField(2, (timeMs % 1000) * 1_000_000 + timeNs)
}

function writePair([name, value]: readonly [string, string], writer: PbfWriter): void {
  writer.writeStringField(1, name)
  writer.writeStringField(2, value)
}
