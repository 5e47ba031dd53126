import type { OutputSession, PluginError, Rejection } from '@smart-gateway/sdk'
import { Backoff, sleep } from '../backoff.ts'
import type { BackoffLimits } from '../backoff.ts'
import { asError, retryAfterOf } from '../errors.ts'
import { joinBatches, sliceBatch } from './batches.ts'
import type { Part } from './chunk.ts'
import type { Queue } from './queue.ts'

/** What a writer tells its owner. */
export interface WriteOutcomes {
  /** The store took a batch. */
  accepted(records: number): void
  /** A write failed, wholly or for some records, and is tried again after `delayMs`. */
  retrying(error: PluginError, delayMs: number): void
  /** Records were refused for good. */
  refused(error: PluginError, records: number): void
}

/** How much one write holds, and how long an idle output waits for that much. */
export interface BatchLimits {
  readonly records: number
  readonly bytes: number
  readonly lingerMs: number
}

/**
 * Takes batches from an output's queue and makes its session write them, one at a time, in order. An idle output takes what is
 * there at once; the next batch gathers while it writes. Sessions come and go between two writes.
 */
export class Writer {
  readonly #queue: Queue
  readonly #batch: BatchLimits
  readonly #backoff: Backoff
  readonly #outcomes: WriteOutcomes
  #run: Run | undefined

  constructor(
    queue: Queue,
    { batch, retry }: { readonly batch: BatchLimits; readonly retry: BackoffLimits },
    outcomes: WriteOutcomes,
  ) {
    this.#queue = queue
    this.#batch = batch
    this.#backoff = new Backoff(retry)
    this.#outcomes = outcomes
  }

  /** Begins to write through a session. The one before must have been detached. */
  attach(session: OutputSession): void {
    const run = new Run(session)
    this.#run = run
    run.ended = this.#loop(run)
  }

  /**
   * Writes no more. Retries end at once, an open write gets `graceMs` to settle; what has no fate then goes back to the front of
   * the queue, and a late answer is ignored: its records may come twice, but none is lost.
   */
  async detach(graceMs: number): Promise<void> {
    const run = this.#run
    if (run === undefined) return
    this.#run = undefined
    run.leaving.abort()
    const grace = new AbortController()
    await Promise.race([run.ended, sleep(graceMs, grace.signal)])
    grace.abort()
    run.over = true
    this.#queue.putBack()
  }

  async #loop(run: Run): Promise<void> {
    const { records, bytes, lingerMs } = this.#batch
    while (!run.leaving.signal.aborted) {
      if (this.#queue.empty) {
        await this.#item(run)
        continue
      }
      if (lingerMs > 0) await this.#linger(run)
      await this.#write(run, this.#queue.take(records, bytes))
    }
  }

  /** Waits until there is a whole batch, until a source waits for what is here, or until the time is over. */
  async #linger(run: Run): Promise<void> {
    const { records, bytes, lingerMs } = this.#batch
    const queue = this.#queue
    // Counted once: to count all that waits after every push would take quadratic time.
    const enough = queue.counts.routed + records - queue.walk().records
    const over = new AbortController()
    const look = (): void => {
      if (queue.awaited || queue.bytes >= bytes || queue.counts.routed >= enough) over.abort()
    }
    const unwatch = queue.watch(look)
    look()
    await sleep(lingerMs, AbortSignal.any([over.signal, run.leaving.signal]))
    unwatch()
  }

  #item(run: Run): Promise<void> {
    return new Promise((resolve) => {
      run.wake = resolve
      this.#queue.onItem(resolve)
    })
  }

  /** Tries until every record has its fate or the session is taken away. */
  async #write(run: Run, parts: readonly Part[]): Promise<void> {
    let left = parts
    while (left.length > 0 && !run.leaving.signal.aborted) {
      const outcome = await attempt(run.session, left)
      if (run.over) return
      left = this.#settle(left, outcome)
      if (left.length === 0) this.#backoff.reset()
      else await this.#pause(run, outcome)
    }
  }

  /** Settles what has its fate and returns the rest. */
  #settle(parts: readonly Part[], outcome: Outcome): readonly Part[] {
    if (outcome.kind === 'failed') {
      if (outcome.error.retryable !== false) return parts
      this.#outcomes.refused(outcome.error, countRecords(parts))
      this.#queue.settle(parts, outcome.error)
      return []
    }
    if (outcome.kind === 'accepted') {
      this.#outcomes.accepted(countRecords(parts))
      this.#queue.settle(parts)
      return []
    }
    const { pieces, accepted, refused, left } = divide(parts, outcome.rejected)
    this.#queue.divide(pieces)
    if (accepted.length > 0) this.#outcomes.accepted(countRecords(accepted))
    this.#queue.settle(accepted)
    for (const [piece, error] of refused) this.#queue.settle([piece], error)
    // Told once for a batch: a store that dislikes every record would flood the log.
    if (refused.length > 0)
      this.#outcomes.refused(refused[0]![1], countRecords(refused.map(([piece]) => piece)))
    return left
  }

  async #pause(run: Run, outcome: Outcome): Promise<void> {
    const errors = outcome.kind === 'partly' ? outcome.rejected.map(({ error }) => error) : []
    const error = outcome.kind === 'failed' ? outcome.error : errors.find((one) => one.retryable !== false)
    if (error === undefined) return
    const delayMs = this.#backoff.next(
      [error, ...errors].reduce((most, one) => Math.max(most, retryAfterOf(one)), 0),
    )
    this.#outcomes.retrying(error, delayMs)
    await sleep(delayMs, run.leaving.signal)
  }
}

/** The time that one session writes. */
class Run {
  readonly session: OutputSession
  readonly leaving = new AbortController()
  ended: Promise<void> = Promise.resolve()
  /** True when nothing that still comes from the session counts. */
  over = false
  wake: (() => void) | undefined

  constructor(session: OutputSession) {
    this.session = session
    this.leaving.signal.addEventListener('abort', () => this.wake?.())
  }
}

type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'partly'; readonly rejected: readonly Rejection[] }
  | { readonly kind: 'failed'; readonly error: PluginError }

async function attempt(session: OutputSession, parts: readonly Part[]): Promise<Outcome> {
  const batch = joinBatches(parts.map(({ chunk, from, to }) => sliceBatch(chunk.batch, from, to)))
  try {
    const rejected = (await session.write(batch))?.rejected ?? []
    if (rejected.length === 0) return { kind: 'accepted' }
    const astray = rejected.find(
      ({ index }) => !(Number.isInteger(index) && index >= 0 && index < batch.length),
    )
    if (astray !== undefined)
      throw new Error(
        `write rejected record ${astray.index} of a batch of ${batch.length}: which one it means is not known`,
      )
    return {
      kind: 'partly',
      rejected: rejected.map(({ index, error }) => ({ index, error: asError(error) })),
    }
  } catch (error) {
    return { kind: 'failed', error: asError(error) }
  }
}

/** Cuts parts into pieces of one fate each. */
function divide(parts: readonly Part[], rejected: readonly Rejection[]) {
  const errors = new Map(rejected.map(({ index, error }) => [index, error]))
  const pieces: Part[] = []
  const accepted: Part[] = []
  const refused: [Part, PluginError][] = []
  const left: Part[] = []
  let index = 0
  for (const part of parts) {
    let from = part.from
    while (from < part.to) {
      const error = errors.get(index)
      let to = from
      do {
        to++
        index++
      } while (to < part.to && errors.get(index) === error)
      const piece = { ...part, from, to }
      pieces.push(piece)
      if (error === undefined) accepted.push(piece)
      else if (error.retryable === false) refused.push([piece, error])
      else left.push(piece)
      from = to
    }
  }
  return { pieces, accepted, refused, left }
}

function countRecords(parts: readonly Part[]): number {
  let records = 0
  for (const { from, to } of parts) records += to - from
  return records
}
