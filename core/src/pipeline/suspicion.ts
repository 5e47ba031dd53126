import type { PluginError } from '@smart-gateway/sdk'

/**
 * Which of what comes next may have ended the code that it was given to. A batch on which code ended is given to the next code one by
 * one: what that ends on again, being alone, is to blame.
 */
export class Suspicion {
  #left = 0

  /** Whether the next one has to be tried alone. */
  get any(): boolean {
    return this.#left > 0
  }

  /** So many have passed. */
  passed(count: number): void {
    this.#left = Math.max(0, this.#left - count)
  }

  /** The code ended on so many; the error with which the one is to be refused that is to blame, if it is known. */
  ended(count: number, cause: PluginError): PluginError | undefined {
    if (!this.any || count > 1) {
      this.#left = Math.max(this.#left, count)
      return undefined
    }
    this.#left--
    const message = `the plugin ended on it, again when it was alone: ${cause.message}`
    return Object.assign(new Error(message, { cause }), { retryable: false })
  }
}
