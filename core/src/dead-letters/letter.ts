import type { EventRecord, LogRecord, Message, Signal } from '@smart-gateway/sdk'
import { parseExactly } from '@smart-gateway/sdk/json'
import type { OneRecord, Sample } from '../pipeline/batches.ts'

interface Refusal {
  /** Who could not do with it: the input that decodes, or the output that writes. */
  readonly instance: string
  readonly generation: number
  /** Why, on one line. */
  readonly reason: string
  /** The letter that was replayed and now dies again: it stays, with the new reason, and no second one is kept. */
  readonly letter?: number | undefined
}

/** A message that did not decode, whole. */
export interface DeadMessage extends Refusal {
  readonly kind: 'message'
  readonly message: Message
}

/** A record that a store refused for good. */
export type DeadRecord = Refusal & {
  readonly kind: 'record'
  /** The input that made it. */
  readonly input: string
} & OneRecord

/** What is to be kept. */
export type NewLetter = DeadMessage | DeadRecord

/** A letter without its content. */
export interface LetterInfo {
  /** Grows with every letter and never comes twice. */
  readonly id: number
  readonly kind: NewLetter['kind']
  readonly instance: string
  readonly generation: number
  readonly timeMs: number
  readonly reason: string
  /** Length of its content. */
  readonly bytes: number
  /** True when a secret stood in its content or headers: `[secret]` stands there now. */
  readonly scrubbed: boolean
  /** How often it was replayed and died again. */
  readonly replays: number
  /** Of a record: the input that made it, and its signal. */
  readonly input: string | undefined
  readonly signal: Signal | undefined
  /** Of a message, where it had them. */
  readonly contentType: string | undefined
  readonly address: string | undefined
}

/** A letter as it is kept. */
export interface Letter extends LetterInfo {
  /** Headers of a message as JSON. */
  readonly headers: string | undefined
  /** The message's bytes, or the record as JSON. */
  readonly body: Buffer
}

/** Which letters are meant. */
export type Selection =
  | { readonly ids: readonly number[] }
  | { readonly all: true; readonly instance?: string | undefined; readonly kind?: Letter['kind'] | undefined }

/** The message to deliver again. */
export function messageOf({ body, contentType, address, headers }: Letter): Message {
  return {
    body,
    redelivered: true,
    ...(contentType !== undefined && { contentType }),
    ...(address !== undefined && { address }),
    ...(headers !== undefined && { headers: parseExactly(headers) as Record<string, unknown> }),
  }
}

/** The record to write again; a sample's series is a new object that the host has to intern. */
export function recordOf({ signal, body }: Letter): OneRecord {
  const record = parseExactly(body.toString())
  if (signal === 'event') return { signal, record: record as EventRecord }
  if (signal === 'log') return { signal, record: record as LogRecord }
  const sample = record as Omit<Sample, 'value'> & { readonly value: number | string | bigint }
  // What JSON has no number for is kept as text, and an integer beyond 2^53 was a double all the same.
  return { signal: 'metric', record: { ...sample, value: Number(sample.value) } }
}
