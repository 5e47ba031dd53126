import type { ShadowReport } from './report.ts'

const MAX_EXAMPLES = 3

/** Counts what a shadow tried, and keeps the first differences. */
export class Tally {
  tried = 0
  different = 0
  leftOut = 0
  readonly #what: ShadowReport['what']
  readonly #examples: string[] = []

  constructor(what: ShadowReport['what']) {
    this.#what = what
  }

  differs(example: string, count = 1): void {
    this.different += count
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(example)
  }

  report(spanMs: number): ShadowReport {
    const { tried, different, leftOut } = this
    return { spanMs, what: this.#what, tried, different, leftOut, examples: this.#examples }
  }
}
