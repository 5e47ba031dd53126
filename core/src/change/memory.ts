import { join } from 'node:path'
import type { Logger } from 'pino'
import { writeLastGood } from '../config/last-good.ts'
import type { ConfigSource } from '../config/load.ts'
import type { RawSections, Reading } from '../config/reading.ts'
import { reasonOf } from '../errors.ts'
import type { Codes } from '../plugins/codes.ts'
import type { Change } from './change.ts'
import { goodRaw } from './good-raw.ts'

/** Remembers over a restart what works: the configuration, and the code that was swapped in. */
export class Memory {
  readonly #file: string | undefined
  readonly #codes: Codes
  readonly #log: Logger
  #good: RawSections
  /** What was good before the last change of the configuration. */
  #former: RawSections

  constructor(source: ConfigSource, stateFolder: string, good: RawSections, codes: Codes, log: Logger) {
    this.#file = 'file' in source ? join(stateFolder, 'last-good.json') : undefined
    this.#codes = codes
    this.#log = log
    this.#good = good
    this.#former = this.#good
  }

  /** Keeps what a gateway began with. */
  async begin(): Promise<void> {
    await this.#write()
  }

  /** Keeps what runs after a change; `reading` is the configuration that it was made from, where it was. */
  async keep({ steps, problems, trigger }: Change, reading: Reading | undefined): Promise<void> {
    if (reading !== undefined && problems.length === 0) {
      if (steps.some(({ step }) => step.does !== 'kept')) this.#former = this.#good
      this.#good = goodRaw(this.#good, reading.raw, steps)
    }
    // What is undone was described as it is now before the last change of the configuration.
    if (trigger === 'probation')
      this.#good = goodRaw(
        this.#former,
        this.#good,
        steps.map((step) => ({ ...step, result: 'failed' })),
      )
    await this.#write()
  }

  async #write(): Promise<void> {
    if (this.#file === undefined) return
    try {
      await writeLastGood(this.#file, { raw: this.#good, pins: this.#codes.pins })
    } catch (error) {
      this.#log.warn(
        `the last good configuration cannot be kept: ${reasonOf(error)}; a restart has what the configuration file holds, and nothing else`,
      )
    }
  }
}
