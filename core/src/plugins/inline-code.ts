import type { Logger } from 'pino'

/** From so many on it is said, and at every further hundred. */
const MANY = 100

/**
 * The code that was imported into this process, by folder. Node never forgets a module: what a replaced generation has imported inline stays
 * in memory, about half a MiB for a plugin with few dependencies.
 */
export class InlineCode {
  readonly #folders = new Set<string>()
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  /** How many there are. */
  get size(): number {
    return this.#folders.size
  }

  /** Takes note of code that was imported. */
  took(folder: string, instance: string): void {
    if (this.#folders.has(folder)) return
    this.#folders.add(folder)
    if (this.size % MANY !== 0) return
    this.#log.warn(
      { component: instance },
      `${this.size} generations were imported into this process, and their code stays in memory until it starts anew: what is swapped often is better off with \`isolation: worker\``,
    )
  }
}
