import type { Change } from './change.ts'

/** How what runs stands to what is wanted: whether the last change of the configuration was taken, and since when it is good. */
export class Standing {
  #refusal: string | undefined
  #goodSinceMs = Date.now()

  /** Why a part of the configuration is not what runs; undefined when all of it is. */
  get refusal(): string | undefined {
    return this.#refusal
  }

  /** When the configuration was last taken as it stood, milliseconds since the epoch. */
  get goodSinceMs(): number {
    return this.#goodSinceMs
  }

  /** Says that what runs is not what the configuration says. */
  refuse(reason: string): void {
    this.#refusal = reason
  }

  /** Takes note of a change of the configuration that is over. */
  take(change: Change): void {
    const failed = change.steps.filter(({ result }) => result === 'failed')
    if (change.problems.length === 0 && failed.length === 0) {
      this.#refusal = undefined
      this.#goodSinceMs = Date.now()
      return
    }
    const told = failed.map(({ step: { name, why }, done: { note } }) => `${name}: ${note ?? why}`)
    this.#refusal = `change ${change.id} was not taken as it stood: ${[...change.problems, ...told].join('; ')}`
  }
}
