import type { Logger } from 'pino'
import { sleep } from '../backoff.ts'

/** An input or an output, as far as it keeps an account. */
export type Audited =
  | { readonly spec: { readonly name: string }; readonly intake: { readonly unaccounted: number } }
  | { readonly spec: { readonly name: string }; readonly unaccounted: number }

const EVERY_MS = 10_000

/** Looks whether everything that came in has a fate or is somewhere; that something is not is a fault of the gateway, and is logged. */
export class SelfCheck {
  readonly #audited: () => Iterable<Audited>
  readonly #log: Logger
  /** What was found last, where that was not 0. */
  readonly #found = new Map<string, number>()

  constructor(audited: () => Iterable<Audited>, log: Logger) {
    this.#audited = audited
    this.#log = log
  }

  /** Looks again and again, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(EVERY_MS, signal)
      if (signal.aborted) return
      this.look()
    }
  }

  /** Looks once; tells a number that is another one than last time. */
  look(): void {
    for (const one of this.#audited()) {
      if ('intake' in one) this.#compare(one.spec.name, 'messages', one.intake.unaccounted)
      else this.#compare(one.spec.name, 'records', one.unaccounted)
    }
  }

  #compare(component: string, what: string, unaccounted: number): void {
    if (unaccounted === (this.#found.get(component) ?? 0)) return
    this.#found.set(component, unaccounted)
    if (unaccounted === 0) return
    this.#log.error(
      { component, unaccounted },
      `${unaccounted} ${what} of ${component} are unaccounted for: a fault of the gateway; report it with what \`smart-gateway status\` prints`,
    )
  }
}
