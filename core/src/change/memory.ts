import { join } from 'node:path'
import type { Logger } from 'pino'
import type { InstanceSpec } from '../config/configuration.ts'
import { writeLastGood } from '../config/last-good.ts'
import type { ConfigSource } from '../config/load.ts'
import type { RawSections, Reading } from '../config/reading.ts'
import { reasonOf } from '../errors.ts'
import type { Codes } from '../plugins/codes.ts'
import type { Entry } from '../registry/registry.ts'
import type { Change } from './change.ts'
import { descriptionOf, goodRaw, withDescription } from './good-raw.ts'

/** What a memory begins with. */
export interface MemoryParts {
  readonly source: ConfigSource
  readonly stateFolder: string
  /** The configuration that what runs was made from. */
  readonly good: RawSections
  readonly entries: readonly Entry[]
  readonly codes: Codes
  readonly log: Logger
}

/** Remembers over a restart what works: the configuration, and the code that was swapped in. */
export class Memory {
  readonly #file: string | undefined
  readonly #codes: Codes
  readonly #log: Logger
  #good: RawSections
  /** How the configuration put what runs, or has run and may come back. */
  readonly #descriptions = new WeakMap<InstanceSpec, unknown>()

  constructor({ source, stateFolder, good, entries, codes, log }: MemoryParts) {
    this.#file = 'file' in source ? join(stateFolder, 'last-good.json') : undefined
    this.#codes = codes
    this.#log = log
    this.#good = good
    for (const { spec, instance } of entries) {
      const { kind, name } = instance
      this.#descriptions.set(spec, descriptionOf(good, { kind, name }))
    }
  }

  /** Keeps what a gateway began with. */
  async begin(): Promise<void> {
    await this.#write()
  }

  /** Keeps what runs after a change; `reading` is the configuration that it was made from, where it was. */
  async keep({ steps, problems, trigger }: Change, reading: Reading | undefined): Promise<void> {
    if (reading !== undefined && problems.length === 0) {
      this.#good = goodRaw(this.#good, reading.raw, steps)
      for (const { step } of steps)
        if ('spec' in step) this.#descriptions.set(step.spec, descriptionOf(reading.raw, step))
    }
    if (trigger === 'probation')
      for (const { step, result } of steps)
        if ('spec' in step && result === 'done')
          this.#good = withDescription(this.#good, step, this.#descriptions.get(step.spec))
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
