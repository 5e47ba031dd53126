import type { Logger } from 'pino'

/** Sets the level of a logger and of all that were made from it: pino's children keep the level that they began with. */
export class Levels {
  #children: WeakRef<Logger>[] = []
  #sweepAt = 100

  /** For pino's `onChild`. */
  readonly take = (child: Logger): void => {
    this.#children.push(new WeakRef(child))
    if (this.#children.length < this.#sweepAt) return
    this.#children = this.#children.filter((one) => one.deref() !== undefined)
    this.#sweepAt = Math.max(100, 2 * this.#children.length)
  }

  set(root: Logger, level: string): void {
    root.level = level
    for (const one of this.#children) {
      const child = one.deref()
      if (child !== undefined) child.level = level
    }
  }
}
