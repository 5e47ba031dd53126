import type { Intake, Message, PluginError } from '@smart-gateway/sdk'

/** Hands in a subscription's messages and sees to it that each finds its fate. */
export interface Courier {
  /** True while a message would have to wait. */
  readonly full: boolean
  /** Resolves as soon as `full` is false. */
  room(): Promise<void>
  /** Hands in one message; `settled` is called, later, when nothing more will become of it. */
  carry(message: Message, settled: () => void): void
  /** Says that messages came for which there was no room. */
  drop(messages: number): void
  /** Hands in nothing any more: what waits for another try is lost. */
  end(): void
}

/**
 * Neither UDP nor raw TCP can send again, but the message is still here: one that the gateway gives back is handed in again, up to
 * `tries` times. What it refuses for good the input has counted and logged.
 */
export function makeCourier(intake: Intake, tries: number, lost: (error: PluginError) => void): Courier {
  const waiting = new Set<() => void>()
  let ended = false

  const attempt = (message: Message, settled: () => void, left: number): void => {
    intake.deliver(left > 0 ? message : { ...message, lastTry: true }).then(settled, (error: PluginError) => {
      if (error.retryable === false) return settled()
      if (left > 0 && !ended) return again(message, settled, left, error)
      lost(error)
      settled()
    })
  }
  const again = (message: Message, settled: () => void, left: number, error: PluginError): void => {
    const giveUp = (): void => {
      clearTimeout(timer)
      waiting.delete(giveUp)
      lost(error)
      settled()
    }
    const retry = (): void => {
      void intake.room().then(() => {
        if (waiting.delete(giveUp)) attempt(message, settled, left - 1)
      })
    }
    const timer = setTimeout(retry, error.retryAfter ?? RETRY_MS)
    waiting.add(giveUp)
  }

  return {
    get full() {
      return intake.full
    },
    room: () => intake.room(),
    carry: (message, settled) => attempt(message, settled, tries - 1),
    drop: (messages) => intake.lost?.(messages),
    end() {
      ended = true
      for (const giveUp of waiting) giveUp()
    },
  }
}

const RETRY_MS = 1000
