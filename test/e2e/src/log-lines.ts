/** One line of the gateway's log. */
export interface LogLine {
  readonly level: string
  readonly time: string
  readonly msg: string
  /** The instance that it is about. */
  readonly component?: string
  readonly code?: string
  readonly hint?: string
  readonly retryInMs?: number
  readonly unsettled?: number
  readonly bytes?: number
}

/** The log as JSON lines. Throws on a line that is none; a last one that is still being written is left out. */
export function logLines(stderr: string): LogLine[] {
  const lines = stderr.split('\n').slice(0, -1)
  return lines.map((line) => {
    try {
      return JSON.parse(line) as LogLine
    } catch (cause) {
      throw new Error(`the log has a line that is not JSON: ${line}`, { cause })
    }
  })
}
