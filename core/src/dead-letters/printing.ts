import { stringifyExactly } from '@smart-gateway/sdk/json'
import type { LetterInfo } from './letter.ts'
import type { ReplaySummary } from './replay.ts'

/** A letter of a list as the API shows it. */
export type ShownInfo = Omit<LetterInfo, 'timeMs'> & { readonly time: string }

/** A letter with its content as the API shows it. */
export type ShownLetter = ShownInfo & {
  readonly headers?: Readonly<Record<string, unknown>>
  readonly text?: string
  readonly base64?: string
  readonly truncated: boolean
}

const HEADINGS = ['id', 'time', 'kind', 'instance', 'generation', 'bytes', 'reason']
const LEAST_REASON = 20

/** A table of letters; on a terminal its lines are cut at `columns`. */
export function listTable(letters: readonly ShownInfo[], columns = Infinity): string {
  const rows = letters.map(({ id, time, kind, instance, generation, bytes, reason }) =>
    [id, time, kind, instance, generation, bytes, reason].map((value) => oneLine(String(value))),
  )
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)))
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const room = Math.max(LEAST_REASON, columns - before)
  return [HEADINGS, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cut(cell, room)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** All of a letter, its content last. */
export function letterText(letter: ShownLetter): string {
  const { text, base64, truncated, headers, scrubbed, ...info } = letter
  const fields = Object.entries({
    ...info,
    scrubbed: scrubbed ? 'yes: [secret] stands where a secret stood' : undefined,
    headers: headers && stringifyExactly(headers),
  }).filter(([, value]) => value !== undefined)
  const width = Math.max(...fields.map(([name]) => name.length)) + 2
  const lines = fields.map(([name, value]) => `${name.padEnd(width)}${oneLine(String(value))}`)
  const content = text === undefined ? hexDump(Buffer.from(base64 ?? '', 'base64')) : printable(text)
  const rest = truncated ? ['', `(the beginning of ${letter.bytes} bytes; --body writes all of them)`] : []
  return [...lines, '', content, ...rest].join('\n')
}

/** What a replay came to. */
export function replayText({ replayed, failed, failures, waiting, left }: ReplaySummary): string {
  const lines = [replayed === 1 ? 'replayed 1 letter' : `replayed ${replayed} letters`]
  for (const { id, reason } of failures) lines.push(`letter ${id} stays: ${oneLine(reason)}`)
  if (failed > failures.length) lines.push(`and ${failed - failures.length} more stay`)
  if (waiting.length > 0)
    lines.push(`under way, and not accepted yet: ${waiting.join(', ')}; each leaves the store when it is`)
  if (left > 0) lines.push(`not begun, because those do not get on: ${left}`)
  return lines.join('\n')
}

// What a letter holds was written by anybody: it must not steer the terminal of who reads it.
function printable(text: string): string {
  return text.replaceAll(STEERING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Text of anybody as one line that steers no terminal. */
export function oneLine(text: string): string {
  return printable(text.replaceAll(/[\r\n\t]+/g, ' '))
}

const STEERING = /(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}

const DUMP_WIDTH = 16

function hexDump(bytes: Buffer): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += DUMP_WIDTH) {
    const row = bytes.subarray(at, at + DUMP_WIDTH)
    const hex = row.toString('hex').replaceAll(/..(?!$)/g, '$& ')
    const text = row.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(DUMP_WIDTH * 3 - 1)}  ${text}`)
  }
  return lines.join('\n')
}
