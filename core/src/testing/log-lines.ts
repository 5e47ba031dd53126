import { pino } from 'pino'
import type { Logger } from 'pino'

/** A line as it was logged. */
export interface Line {
  readonly level: string
  readonly msg: string
  readonly component?: string
  readonly code?: string
  readonly hint?: string
}

/** A logger that keeps its lines. */
export function recordingLog(): { readonly log: Logger; readonly lines: Line[] } {
  const lines: Line[] = []
  const log = pino(
    { level: 'debug', formatters: { level: (level) => ({ level }) } },
    { write: (line) => void lines.push(JSON.parse(line) as Line) },
  )
  return { log, lines }
}
