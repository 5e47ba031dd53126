import { stat } from 'node:fs/promises'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { Message } from '@smart-gateway/sdk'
import { MAX_LINE_BYTES, readLines } from './lines.ts'
import type { Line } from './lines.ts'

export type Format = 'envelope' | 'body'

/** One line of a recording: a message with its time in ms since the recording began, if it has one, or what is wrong with it. */
export type Entry =
  | { readonly line: number; readonly message: Message; readonly t: number | undefined }
  | { readonly line: number; readonly problem: string }

/** Rejects with a sentence when there is nothing to play, and nothing is to come. */
export async function checkRecording(file: string, follow: boolean): Promise<void> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    const says = `The recording ${file} cannot be read (${cause.code}): check "file"`
    // One that is followed may be about to be replaced.
    throw follow && cause.code === 'ENOENT' ? retryable(says, { cause }) : permanent(says, { cause })
  })
  if (!found.isFile()) throw permanent(`The recording ${file} is not a file: check "file"`)
  if (found.size === 0 && !follow)
    throw permanent(`The recording ${file} is empty: record something or check "file"`)
}

/** The entries of a recording, those of one read at a time, with `follow` until it aborts. Empty lines are none. */
export async function* readRecording(
  file: string,
  format: Format,
  follow?: AbortSignal,
): AsyncGenerator<Entry[]> {
  const parse = format === 'envelope' ? envelope : body
  for await (const lines of readLines(file, follow)) {
    yield lines
      .filter(({ bytes }) => !bytes || !isBlank(bytes))
      .map((line) => parse(line, `${file}:${line.number}`))
  }
}

function envelope({ number: line, bytes }: Line, address: string): Entry {
  if (!bytes) return tooLong(line)
  let fields: unknown
  try {
    fields = JSON.parse(bytes.toString())
  } catch {
    return { line, problem: 'it is not JSON' }
  }
  const { body: text, t, contentType } = Object(fields) as Record<string, unknown>
  if (typeof text !== 'string') return { line, problem: 'it is not an object with a text "body"' }
  if (t !== undefined && !(typeof t === 'number' && t >= 0))
    return { line, problem: 't is not a number of milliseconds' }
  const message = {
    body: Buffer.from(text),
    address,
    ...(typeof contentType === 'string' && { contentType }),
  }
  return { line, message, t }
}

function body({ number: line, bytes }: Line, address: string): Entry {
  return bytes ? { line, message: { body: bytes, address }, t: undefined } : tooLong(line)
}

function tooLong(line: number): Entry {
  return { line, problem: `it is longer than ${MAX_LINE_BYTES} bytes` }
}

const SPACE = 32

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= SPACE)
}
