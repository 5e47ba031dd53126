import type { Logger } from 'pino'
import type { Message, PluginError } from '@smart-gateway/sdk'

/** For each kind of reason one line in this time, with the number of those that were not written: a flood of bad messages must not become one of lines. */
const QUIET_MS = 5000
/** Kinds that are told apart; whoever makes up more has one line for all of them. */
const MOST_KINDS = 20

/** Says in the log what an input could not decode. */
export class DecodeLog {
  readonly #log: Logger
  readonly #kinds = new Map<string, { quietUntilMs: number; unsaid: number }>()

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
    const kind = this.#kindOf(`${what} ${reason.slice(0, 300)}`)
    if (now < kind.quietUntilMs) {
      kind.unsaid++
      return
    }
    this.#log.warn({ address, bytes: body.length, unsaid: kind.unsaid }, `${what}: ${reason.slice(0, 300)}`)
    kind.quietUntilMs = now + QUIET_MS
    kind.unsaid = 0
  }

  // What differs from message to message is a number or stands in quotes.
  #kindOf(line: string): { quietUntilMs: number; unsaid: number } {
    const wanted = line.replaceAll(/\d+|"[^"]*"?|'[^']*'?/g, '#')
    const key = this.#kinds.has(wanted) || this.#kinds.size < MOST_KINDS ? wanted : 'others'
    const kind = this.#kinds.get(key) ?? { quietUntilMs: 0, unsaid: 0 }
    this.#kinds.set(key, kind)
    return kind
  }
}
