import type { Batch, FilterSession, PluginError } from '@smart-gateway/sdk'
import { asError } from '../errors.ts'

/** A filter as the pipeline sees it. It belongs to the filter's name; sessions come and go behind it between two batches. */
export class Sieve {
  readonly name: string
  /** What it was given and what became of it, since the start. */
  readonly counts = { batches: 0, failures: 0, records: 0, filtered: 0 }
  #session: FilterSession | undefined
  #sinceMs = Date.now()

  constructor(name: string) {
    this.name = name
  }

  /** Puts another session to work, or none: what should go through has to wait then. */
  put(session: FilterSession | undefined): void {
    if ((session === undefined) !== (this.#session === undefined)) this.#sinceMs = Date.now()
    this.#session = session
  }

  get open(): boolean {
    return this.#session !== undefined
  }

  /** When it was opened or closed, milliseconds since the epoch. */
  get sinceMs(): number {
    return this.#sinceMs
  }

  /** What is left of a batch. Throws an error that names the filter when that cannot say. */
  apply(batch: Batch): Batch {
    this.counts.batches++
    try {
      const left = this.#session!.apply(batch)
      const flaw = left === batch ? undefined : flawOf(left, batch)
      if (flaw !== undefined) throw new Error(flaw)
      this.counts.records += batch.length
      this.counts.filtered += batch.length - left.length
      return left
    } catch (thrown) {
      this.counts.failures++
      throw this.#failure(asError(thrown))
    }
  }

  #failure(cause: PluginError): PluginError {
    const error = new Error(`the filter ${this.name} failed: ${cause.message}`, { cause })
    return Object.assign(error, { retryable: cause.retryable ?? false })
  }
}

/** Why something is not what may be left of a batch. */
function flawOf(left: unknown, { signal, length }: Batch): string | undefined {
  if (typeof left !== 'object' || left === null) return 'apply returned no batch'
  if (typeof (left as PromiseLike<unknown>).then === 'function') {
    Promise.resolve(left).catch(() => undefined)
    return 'apply returned a promise: it must be synchronous'
  }
  const batch = left as Batch
  if (batch.signal !== signal) return `apply made ${String(batch.signal)} of ${signal}`
  if (!Number.isInteger(batch.length) || batch.length < 0 || batch.length > length)
    return `apply made ${String(batch.length)} records of ${length}`
  if (batch.length === 0) return undefined
  const columns = batch.signal === 'metric' ? [batch.series, batch.values, batch.times] : [batch.records]
  const isWhole = columns.every((column) => column?.length === batch.length)
  return isWhole ? undefined : 'apply returned a batch whose columns are not as long as it says'
}
