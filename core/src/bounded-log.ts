import type { Logger } from '@smart-gateway/sdk'

/** What a plugin may write at once, and for how long it is remembered that it did. */
const BURST_LINES = 1000
const LINES_PER_SECOND = 100

/**
 * A logger that writes so much and no more: a plugin that complains of every record would fill the disk and hold up everybody. What is
 * left out is counted, and told with the next line that is written.
 */
export function boundedLog(log: Logger, now = uptimeMs): Logger {
  let room = BURST_LINES
  let lookedMs = now()
  let leftOut = 0
  const admits = (): boolean => {
    const nowMs = now()
    room = Math.min(BURST_LINES, room + ((nowMs - lookedMs) / 1000) * LINES_PER_SECOND)
    lookedMs = nowMs
    if (room < 1) {
      leftOut++
      return false
    }
    room--
    if (leftOut > 0)
      log.warn(`${leftOut} further lines were left out: a plugin may write ${LINES_PER_SECOND} in a second`)
    leftOut = 0
    return true
  }
  const at =
    (level: keyof Logger) =>
    (first: object | string, message?: string): void => {
      if (!admits()) return
      if (typeof first === 'string') log[level](first)
      else log[level](first, message as string)
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

// Not `performance.now()`: a thread would load `node:perf_hooks` for that, which takes a millisecond of its boot.
function uptimeMs(): number {
  return process.uptime() * 1000
}
