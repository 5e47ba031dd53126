import { inspect } from 'node:util'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import type { DeadMessage, DeadRecord, Letter, NewLetter } from './letter.ts'
import { scrubBytes, scrubbedJson } from './scrubbing.ts'
import type { TextScrubber } from './scrubbing.ts'

/** A letter on its way to the file. */
export interface Row extends Omit<Letter, 'id' | 'bytes' | 'replays' | 'body'> {
  readonly body: Uint8Array
  /** What it takes of the store's bound. */
  readonly size: number
  /** The letter that died again. */
  readonly letter: number | undefined
}

/** What a row takes beside its content: names, numbers, the reason, SQLite's own. */
export const ROW_BYTES = 512
const REASON_CHARACTERS = 500

/** Makes the row of a letter: JSON where it is a record, and no secret in it. */
export function rowOf(letter: NewLetter, timeMs: number, scrubber: TextScrubber): Row {
  const { instance, generation } = letter
  const content = letter.kind === 'message' ? messageRow(letter, scrubber) : recordRow(letter, scrubber)
  const { body, headers, contentType, address } = content
  return {
    ...content,
    kind: letter.kind,
    instance,
    generation,
    timeMs,
    reason: scrubber
      .scrub(letter.reason)
      .replaceAll(/\s*\n\s*/g, ' ')
      .slice(0, REASON_CHARACTERS),
    letter: letter.letter,
    size:
      ROW_BYTES + body.length + (headers?.length ?? 0) + (contentType?.length ?? 0) + (address?.length ?? 0),
  }
}

type Content = Pick<Row, 'body' | 'scrubbed' | 'headers' | 'contentType' | 'address' | 'input' | 'signal'>

function messageRow({ message }: DeadMessage, scrubber: TextScrubber): Content {
  const body = scrubBytes(scrubber, message.body)
  const known = message.headers === undefined ? undefined : stringifyExactly(plainJson(message.headers))
  const headers = known === undefined ? undefined : stringifyExactly(scrubbedJson(scrubber, message.headers))
  return {
    body,
    headers,
    scrubbed: body !== message.body || headers !== known,
    contentType: message.contentType && scrubber.scrub(message.contentType),
    address: message.address && scrubber.scrub(message.address),
    input: undefined,
    signal: undefined,
  }
}

function recordRow({ input, signal, record }: DeadRecord, scrubber: TextScrubber): Content {
  const value = signal === 'metric' ? { ...record, value: numberAsJson(record.value) } : record
  const text = textOf(value)
  // Looked for in the whole text first: a copy of every record would cost more than the rare find.
  const clean =
    scrubber.scrub(text) === text ? text : (jsonOf(scrubbedJson(scrubber, value)) ?? scrubber.scrub(text))
  return {
    body: Buffer.from(clean),
    scrubbed: clean !== text,
    headers: undefined,
    contentType: undefined,
    address: undefined,
    input,
    signal,
  }
}

/** JSON, or what a person can read where JSON cannot hold it: such a letter can be shown, and not replayed. */
function textOf(value: unknown): string {
  return jsonOf(value) ?? inspect(value, { depth: 8, maxArrayLength: 1000, maxStringLength: 64 * 1024 })
}

function jsonOf(value: unknown): string | undefined {
  try {
    return stringifyExactly(value)
  } catch {
    return undefined
  }
}

function plainJson(value: unknown): unknown {
  return scrubbedJson({ scrub: (text) => text }, value)
}

function numberAsJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
