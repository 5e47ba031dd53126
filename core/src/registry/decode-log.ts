import type { Logger } from 'pino'
import type { Message, PluginError } from '@smart-gateway/sdk'
import type { DecodeFailures } from '../pipeline/intake.ts'

/** At most one line in this time, with the number of those that were not written: a flood of bad messages must not become one of lines. */
const QUIET_MS = 5000

/** Says in the log what an input could not decode. */
export class DecodeLog implements DecodeFailures {
  readonly #log: Logger
  #quietUntilMs = 0
  #unsaid = 0

  constructor(log: Logger) {
    this.#log = log
  }

  refused(message: Message, error: PluginError): void {
    this.#say('message refused', message, error.message)
  }

  rejected(message: Message, elements: number, reason: string): void {
    const more = elements > 1 ? ` (and ${elements - 1} more in this message)` : ''
    this.#say('element refused', message, `${reason}${more}`)
  }

  #say(what: string, { address, body }: Message, reason: string): void {
    const now = Date.now()
    if (now < this.#quietUntilMs) {
      this.#unsaid++
      return
    }
    this.#log.warn({ address, bytes: body.length, unsaid: this.#unsaid }, `${what}: ${reason.slice(0, 300)}`)
    this.#quietUntilMs = now + QUIET_MS
    this.#unsaid = 0
  }
}
