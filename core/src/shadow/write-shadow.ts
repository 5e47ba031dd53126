import type { Batch, WriteResult } from '@smart-gateway/sdk'
import { reasonOf } from '../errors.ts'
import type { ShadowReport } from './report.ts'
import { Tally } from './tally.ts'

/** What an output does with a batch instead of writing it. */
export type Rehearse = (batch: Batch) => void | WriteResult | Promise<void | WriteResult>

/** What waits to be rehearsed; beyond that it is left out, so that a slow shadow holds nobody up. */
const MAX_RECORDS = 100_000

/** Has a generation rehearse what another one writes, and compares what both refuse. Nothing is written twice. */
export class WriteShadow {
  readonly #rehearse: Rehearse
  readonly #tally = new Tally('records')
  #waiting = 0
  #work: Promise<void> = Promise.resolve()

  constructor(rehearse: Rehearse) {
    this.#rehearse = rehearse
  }

  /** Takes a batch with the positions of the records that the generation which works has refused for good. */
  take(batch: Batch, refused: ReadonlySet<number>): void {
    if (this.#waiting + batch.length > MAX_RECORDS) {
      this.#tally.leftOut += batch.length
      return
    }
    this.#waiting += batch.length
    this.#work = this.#work.then(() => this.#compare(batch, refused))
  }

  /** What came of it, when all that was taken is rehearsed. */
  async report(spanMs: number): Promise<ShadowReport> {
    await this.#work
    return this.#tally.report(spanMs)
  }

  async #compare(batch: Batch, before: ReadonlySet<number>): Promise<void> {
    const tally = this.#tally
    this.#waiting -= batch.length
    tally.tried += batch.length
    try {
      for (const { index, error } of (await this.#rehearse(batch))?.rejected ?? [])
        if (!before.has(index)) tally.differs(`a ${batch.signal} would be refused: ${reasonOf(error)}`)
    } catch (error) {
      tally.differs(`it could not take ${batch.length} records: ${reasonOf(error)}`, batch.length)
    }
  }
}
