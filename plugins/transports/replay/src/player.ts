import { retryable } from '@smart-gateway/sdk'
import type { Counter, Intake, Logger } from '@smart-gateway/sdk'
import { deliveries } from './deliveries.ts'
import { pace } from './pace.ts'
import { orAborted, pause } from './pause.ts'
import { readRecording } from './recording.ts'
import type { Format } from './recording.ts'

export interface Settings {
  readonly file: string
  readonly format: Format
  readonly speed: number
  readonly rate: number
  readonly loop: boolean
  readonly follow: boolean
  readonly inFlight: number
}

export interface Player {
  start(): void
  /** Resolves when nothing more will be delivered. */
  stop(): Promise<void>
}

/** Delivers the messages of a recording when they are due, never more at once than may be in flight. */
export function player(settings: Settings, intake: Intake, log: Logger, skippedLines: Counter): Player {
  const { file } = settings
  const stopping = new AbortController()
  const outstanding = deliveries(intake, stopping.signal)
  let skipped = 0

  const obstacle = (dueAt: number): Promise<void> | undefined => {
    if (outstanding.count >= settings.inFlight) return outstanding.fewer()
    if (intake.full) return orAborted(intake.room(), stopping.signal)
    const early = dueAt - performance.now()
    return early < 1 ? undefined : pause(early, stopping.signal)
  }

  const skip = (line: number, problem: string): void => {
    skipped += 1
    skippedLines.inc()
    if (skipped <= MOST_WARNINGS) log.warn({ file, line }, `skipped line ${line} of ${file}: ${problem}`)
  }

  const playOnce = async (dueAt: (t: number | undefined) => number, warns: boolean): Promise<number> => {
    let played = 0
    const follow = settings.follow ? stopping.signal : undefined
    for await (const entries of readRecording(file, settings.format, follow)) {
      for (const entry of entries) {
        if ('problem' in entry) {
          if (warns) skip(entry.line, entry.problem)
          continue
        }
        const at = dueAt(entry.t)
        for (let wait = obstacle(at); wait && !stopping.signal.aborted; wait = obstacle(at)) await wait
        if (stopping.signal.aborted) return played
        outstanding.deliver(entry.message)
        played += 1
      }
    }
    return played
  }

  const play = async (): Promise<void> => {
    const { due, again } = pace(settings.speed, settings.rate)
    const began = performance.now()
    const dueAt = (t: number | undefined) => began + due(t)
    const first = await playOnce(dueAt, true)
    if (skipped > MOST_WARNINGS) log.warn({ file, skipped }, `skipped ${skipped} lines of ${file} in all`)
    if (stopping.signal.aborted) return
    if (first === 0) return log.warn({ file, skipped }, `${file} holds no message that can be replayed`)
    let messages = first
    while (settings.loop && !stopping.signal.aborted) {
      again()
      const more = await playOnce(dueAt, false)
      if (more === 0 && !stopping.signal.aborted) throw new Error('it holds no message any more')
      messages += more
    }
    while (outstanding.count > 0 && !stopping.signal.aborted) await outstanding.fewer()
    if (stopping.signal.aborted) return
    const { refused } = outstanding
    log.info({ file, messages, refused, skipped }, `replayed ${messages} messages of ${file}`)
  }

  let playing: Promise<void> | undefined
  return {
    start() {
      playing ??= play().catch((cause: Error) => {
        intake.fail(retryable(`The recording ${file} cannot be read on: ${cause.message}`, { cause }))
      })
    },
    async stop() {
      stopping.abort()
      await playing
    },
  }
}

const MOST_WARNINGS = 10
