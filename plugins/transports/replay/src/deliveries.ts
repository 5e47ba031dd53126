import type { Intake, Message, PluginError } from '@smart-gateway/sdk'
import { orAborted, pause } from './pause.ts'

export interface Deliveries {
  /** Messages whose fate is open. */
  readonly count: number
  /** Messages that can never be accepted. */
  readonly refused: number
  deliver(message: Message): void
  /** Resolves when the fate of one is known, or the player stops. */
  fewer(): Promise<void>
}

/** What a broker does for its consumers: keeps each message until it is settled, and sends again what came back. */
export function deliveries(intake: Intake, signal: AbortSignal): Deliveries {
  let count = 0
  let refused = 0
  let wake: (() => void) | undefined
  let redelivery: Promise<void> | undefined

  const toItsEnd = async (message: Message): Promise<void> => {
    for (let next = message; !signal.aborted; next = { ...message, redelivered: true }) {
      try {
        return await intake.deliver(next)
      } catch (error) {
        if ((error as PluginError).retryable === false) {
          refused += 1
          return
        }
      }
      await (redelivery ??= pause(REDELIVERY_MS, signal).finally(() => (redelivery = undefined)))
    }
  }

  return {
    get count() {
      return count
    },
    get refused() {
      return refused
    },
    deliver(message) {
      count += 1
      void toItsEnd(message).finally(() => {
        count -= 1
        wake?.()
      })
    },
    fewer: () => orAborted(new Promise<void>((resolve) => (wake = resolve)), signal),
  }
}

const REDELIVERY_MS = 1000
