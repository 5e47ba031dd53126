import type { Batch, WriteResult } from '@smart-gateway/sdk'
import { within } from '../deadline.ts'
import { reasonOf } from '../errors.ts'
import { OPEN_TIMEOUT_MS } from '../registry/generation.ts'
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
  readonly #signal: AbortSignal
  #waiting = 0
  /** True when one was waited for in vain: who waits for each would wait for ever. */
  #stuck = false
  #work: Promise<void> = Promise.resolve()

  /** The signal ends what it still waits for. */
  constructor(rehearse: Rehearse, signal: AbortSignal) {
    this.#rehearse = rehearse
    this.#signal = signal
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
    if (this.#stuck) {
      tally.leftOut += batch.length
      return
    }
    tally.tried += batch.length
    try {
      const rehearsed = within(() => this.#rehearse(batch), {
        what: 'rehearse',
        ms: OPEN_TIMEOUT_MS,
        signal: this.#signal,
      })
      for (const { index, error } of (await rehearsed)?.rejected ?? [])
        if (!before.has(index)) tally.differs(`a ${batch.signal} would be refused: ${reasonOf(error)}`)
    } catch (error) {
      this.#stuck = (error as { code?: unknown }).code === 'SG_PLUGIN_TIMEOUT'
      tally.differs(`it could not take ${batch.length} records: ${reasonOf(error)}`, batch.length)
    }
  }
}
