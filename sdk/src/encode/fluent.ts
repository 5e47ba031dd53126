/** The forward protocol of Fluentd and Fluent Bit, version 1. */
import type { Batch } from '../batch.ts'
import type { Series } from '../record.ts'
import { MsgpackWriter } from './msgpack.ts'

/** What a message of the forward protocol is made of. */
export interface ForwardMessage {
  /** By which the receiver routes the records, for example `smartgateway.metric`. */
  readonly tag: string
  /** The records, all of them under this tag. */
  readonly batch: Batch
  /** The time of records whose source gave none, milliseconds since the epoch. */
  readonly nowMs: number
  /** An id that the receiver answers with, `{ ack: chunk }` in MessagePack, once it has the message; it does not answer when left out. */
  readonly chunk?: string
}

/**
 * A batch as a message in Forward mode, `[tag, [[time, record], ...], option]`. A record is a map with `signal`, then `name`, `labels`, `type`
 * and `value` of a metric sample, or an event's or log line's own members without its time, which is an EventTime with nanoseconds. What is no
 * finite number is nil; integers beyond 64 bits are text. Throws a RangeError for a record that nests thousands of levels.
 */
export function forward({ tag, batch, nowMs, chunk }: ForwardMessage): Buffer {
  const writer = new MsgpackWriter()
  writer.arrayHead(3)
  writer.string(tag)
  writer.arrayHead(batch.length)
  writeEntries(writer, batch, nowMs)
  writeOption(writer, batch.length, chunk)
  return writer.bytes
}

/** The same as a message in PackedForward mode, which a receiver can store without looking into it: `[tag, bytes, option]`. Throws as `forward` does. */
export function packedForward({ tag, batch, nowMs, chunk }: ForwardMessage): Buffer {
  const entries = new MsgpackWriter()
  writeEntries(entries, batch, nowMs)
  const writer = new MsgpackWriter()
  writer.arrayHead(3)
  writer.string(tag)
  writer.binary(entries.bytes)
  writeOption(writer, batch.length, chunk)
  return writer.bytes
}

function writeEntries(writer: MsgpackWriter, batch: Batch, nowMs: number): void {
  for (let i = 0; i < batch.length; i++) {
    writer.arrayHead(2)
    if (batch.signal === 'metric') {
      writeTime(writer, batch.times[i]! || nowMs, 0)
      writeSample(writer, batch.series[i]!, batch.values[i]!)
      continue
    }
    const { timeMs, timeNs = 0, ...members } = batch.records[i]!
    writeTime(writer, timeMs || nowMs, timeMs === 0 ? 0 : timeNs)
    writer.value({ signal: batch.signal, ...members })
  }
}

function writeSample(writer: MsgpackWriter, { name, labels, type }: Series, value: number): void {
  writer.mapHead(5)
  writer.string('signal')
  writer.string('metric')
  writer.string('name')
  writer.string(name)
  writer.string('labels')
  writer.value(labels)
  writer.string('type')
  writer.string(type)
  writer.string('value')
  writer.number(value)
}

const EVENT_TIME = 0
const LAST_SECOND = 0xffff_ffff

/** Seconds and nanoseconds, 32 bits each: a time before 1970 or after 2106 becomes the nearer end. */
function writeTime(writer: MsgpackWriter, timeMs: number, timeNs: number): void {
  const seconds = Math.floor(timeMs / 1000)
  if (!(seconds >= 0)) writer.extension(EVENT_TIME, 0, 0)
  else if (seconds > LAST_SECOND) writer.extension(EVENT_TIME, LAST_SECOND, 0)
  else {
    // A time in fractions of a millisecond may have nanoseconds beside them.
    const nanoseconds = Math.floor((timeMs - seconds * 1000) * 1e6) + timeNs
    writer.extension(EVENT_TIME, seconds, Math.min(nanoseconds, 999_999_999))
  }
}

function writeOption(writer: MsgpackWriter, size: number, chunk: string | undefined): void {
  writer.value({ size, chunk })
}
