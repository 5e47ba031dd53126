import type { OutputSession, PluginError, Rejection } from '@smart-gateway/sdk'
import { Backoff, sleep } from '../backoff.ts'
import type { BackoffLimits } from '../backoff.ts'
import { retryAfterOf } from '../errors.ts'
import { attempt } from './attempt.ts'
import type { Outcome } from './attempt.ts'
import type { Part } from './chunk.ts'
import { countRecords, divide, firstRecord, halve } from './parts.ts'
import type { Refused } from './parts.ts'
import type { Queue } from './queue.ts'
import { Suspicion } from './suspicion.ts'
import type { Tape } from './tape.ts'

/** What a writer tells its owner. */
export interface WriteOutcomes {
  /** The store took a batch. */
  accepted(records: number): void
  /** A write failed, wholly or for some records, and is tried again after `delayMs`. */
  retrying(error: PluginError, delayMs: number): void
  /** Records were refused for good, each with its reason; they have their fate when the promise is kept. It must not reject. */
  refused(refused: readonly Refused[]): Promise<void>
}

/** So many failed writes in a row open the breaker: from then on single records find out whether the store is back. */
const BREAKER_FAILURES = 5

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
  #batch: BatchLimits
  #backoff: Backoff
  readonly #outcomes: WriteOutcomes
  #run: Run | undefined
  /** Writes, and how long they took. */
  readonly written = { writes: 0, spentMs: 0 }
  #failuresInRow = 0
  readonly #suspicion = new Suspicion()
  #held = false
  /** Ends the wait of a write that may not begin yet. */
  #goOn: (() => void) | undefined
  #tape: Tape | undefined
  #shadow: Shadow | undefined
  /** Told when no write is open, and no refusal under way. */
  #onQuiet: (() => void)[] = []

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

  /** Other sizes and waits hold from the next write on. */
  pace({ batch, retry }: { readonly batch: BatchLimits; readonly retry: BackoffLimits }): void {
    this.#batch = batch
    this.#backoff = new Backoff(retry)
  }

  /** True from the fifth failed write in a row until one succeeds. */
  get broken(): boolean {
    return this.#failuresInRow >= BREAKER_FAILURES
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
    // What is being kept as a dead letter is not to be written, and kept, once more.
    await run.refusing
    run.over = true
    this.#queue.putBack()
  }

  /** Calls back as soon as no write is open, before the next one begins. */
  between(callback: () => void): void {
    this.#onQuiet.push(callback)
    this.#tellQuiet()
  }

  /** Keeps on a tape what is accepted from now on, or on none. While that is full, no write begins. */
  record(tape: Tape | undefined): void {
    this.#tape = tape
    tape?.onRoom(() => this.#goOn?.())
    this.#goOn?.()
  }

  /** Shows what is written from now on, with the positions of what was refused for good; or shows it no more. */
  setShadow(shadow: Shadow | undefined): void {
    this.#shadow = shadow
  }

  /** Begins no write until `release` or `replace`. Resolves when none is open, at the latest after `graceMs`, or when the signal aborts. */
  async hold(graceMs: number, signal: AbortSignal): Promise<void> {
    this.#held = true
    const quiet = new AbortController()
    this.between(() => quiet.abort())
    await sleep(graceMs, AbortSignal.any([quiet.signal, signal]))
  }

  /** Goes on after `hold` as if nothing had been. */
  release(): void {
    this.#held = false
    this.#goOn?.()
  }

  /** Goes on through another session at once. A write that is still open is given up as by `detach`. */
  replace(session: OutputSession): void {
    const run = this.#run
    if (run !== undefined) {
      run.over = true
      run.leaving.abort()
      this.#queue.putBack()
    }
    this.#held = false
    this.attach(session)
  }

  async #loop(run: Run): Promise<void> {
    while (!run.isOver) {
      const { records, bytes, lingerMs } = this.#batch
      if (this.#queue.empty) {
        await this.#item(run)
        continue
      }
      if (lingerMs > 0) await this.#linger(run)
      if (run.isOver) return
      await this.#write(run, this.#queue.take(this.#suspicion.any ? 1 : records, bytes))
    }
  }

  /** Waits until there is a whole batch, until a source waits for what is here, or until the time is over. */
  async #linger(run: Run): Promise<void> {
    const { records, bytes, lingerMs } = this.#batch
    const queue = this.#queue
    const over = new AbortController()
    const look = (): void => {
      if (queue.awaited || queue.bytes >= bytes || queue.records >= records) over.abort()
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
    while (left.length > 0 && !run.isOver) {
      const [probe, others] = this.broken ? firstRecord(left) : [left, []]
      if (others.length > 0) this.#queue.divide(left, [...probe, ...others])
      const rest = await this.#attempt(run, probe)
      if (run.over || run.dead) return
      left = [...rest.parts, ...others]
      if (rest.parts.length === 0 && others.length > 0) continue
      if (left.length === 0) this.#backoff.reset()
      else await this.#pause(run, rest.errors)
    }
  }

  /** Writes parts once, settles what has its fate and returns the rest. */
  async #attempt(run: Run, parts: readonly Part[]): Promise<Rest> {
    this.#tellQuiet()
    if (this.#waits) await this.#turn(run)
    if (run.isOver) return { parts, errors: [] }
    run.writing = true
    const startMs = performance.now()
    const outcome = await attempt(run.session, parts)
    run.writing = false
    this.written.writes++
    this.written.spentMs += performance.now() - startMs
    if (this.#shadow !== undefined && outcome.kind !== 'failed') this.#shadow(parts, refusedIn(outcome))
    // What comes after is for the next session: this one would only say again that it has ended.
    if (outcome.kind === 'failed' && outcome.error.code === 'SG_WORKER_ENDED') run.dead = true
    const poison = this.#poison(parts, outcome)
    if (run.over) return NOTHING
    if (poison !== undefined) {
      await this.#refuse(run, [{ part: parts[0]!, error: poison }])
      return NOTHING
    }
    const rest = this.#meet(run, parts, outcome)
    // What was accepted is on the tape by now.
    this.#tellQuiet()
    return await rest
  }

  /** The error with which a record is to be refused on which the session ended, again when it was alone. */
  #poison(parts: readonly Part[], outcome: Outcome): PluginError | undefined {
    if (outcome.kind !== 'failed') this.#suspicion.passed(countRecords(parts))
    else if (outcome.error.code === 'SG_WORKER_ENDED')
      return this.#suspicion.ended(countRecords(parts), outcome.error)
    return undefined
  }

  /** Gives parts the fates that a write told; what is accepted has its own before this returns. */
  async #meet(run: Run, parts: readonly Part[], outcome: Outcome): Promise<Rest> {
    if (outcome.kind === 'accepted') {
      this.#failuresInRow = 0
      this.#accept(parts)
      return NOTHING
    }
    if (outcome.kind === 'failed' && outcome.error.retryable !== false) {
      this.#failuresInRow++
      return { parts, errors: [outcome.error] }
    }
    // A store that takes nothing and says so of each record is as far away as one that says it once.
    if (outcome.kind === 'partly' && isBusyForAll(outcome.rejected, countRecords(parts)))
      this.#failuresInRow++
    else this.#failuresInRow = 0
    if (outcome.kind === 'partly') return await this.#settlePartly(run, parts, outcome.rejected)
    if (countRecords(parts) > 1) return await this.#bisect(run, parts)
    await this.#refuse(run, [{ part: parts[0]!, error: outcome.error }])
    return NOTHING
  }

  /** Tries each half alone: the store did not say which of the records it cannot take. */
  async #bisect(run: Run, parts: readonly Part[]): Promise<Rest> {
    const [first, second] = halve(parts)
    this.#queue.divide(parts, [...first, ...second])
    const left = await this.#attempt(run, first)
    if (run.isOver) return { parts: [...left.parts, ...second], errors: left.errors }
    const right = await this.#attempt(run, second)
    return { parts: [...left.parts, ...right.parts], errors: [...left.errors, ...right.errors] }
  }

  async #settlePartly(run: Run, parts: readonly Part[], rejected: readonly Rejection[]): Promise<Rest> {
    const { pieces, accepted, refused, left } = divide(parts, rejected)
    this.#queue.divide(parts, pieces)
    if (accepted.length > 0) this.#accept(accepted)
    if (refused.length > 0) await this.#refuse(run, refused)
    return {
      parts: left,
      errors: rejected.map(({ error }) => error).filter(({ retryable }) => retryable !== false),
    }
  }

  #accept(parts: readonly Part[]): void {
    this.#tape?.add(parts)
    this.#outcomes.accepted(countRecords(parts))
    this.#queue.settle(parts)
  }

  async #refuse(run: Run, refused: readonly Refused[]): Promise<void> {
    run.refusing = this.#outcomes.refused(refused).then(() => {
      run.refusing = undefined
      // Taken away meanwhile, they are in the queue again.
      if (run.over) return
      for (const { part, error } of refused) this.#queue.settle([part], error)
    })
    await run.refusing
    this.#tellQuiet()
  }

  async #pause(run: Run, errors: readonly PluginError[]): Promise<void> {
    const [error] = errors
    if (error === undefined) return
    const delayMs = this.#backoff.next(errors.reduce((most, one) => Math.max(most, retryAfterOf(one)), 0))
    this.#outcomes.retrying(error, delayMs)
    await sleep(delayMs, run.leaving.signal)
  }

  /** True when no write may begin now. */
  get #waits(): boolean {
    return this.#held || this.#tape?.full === true
  }

  async #turn(run: Run): Promise<void> {
    while (this.#waits && !run.leaving.signal.aborted)
      await new Promise<void>((resolve) => {
        run.wake = resolve
        this.#goOn = resolve
      })
  }

  #tellQuiet(): void {
    if (this.#run?.busy !== true) for (const callback of this.#onQuiet.splice(0)) callback()
  }
}

/** Who is shown what was written. */
type Shadow = (parts: readonly Part[], refused: ReadonlySet<number>) => void

function isBusyForAll(rejected: readonly Rejection[], records: number): boolean {
  return rejected.length === records && rejected.every(({ error }) => error.retryable !== false)
}

function refusedIn(outcome: Exclude<Outcome, { readonly kind: 'failed' }>): ReadonlySet<number> {
  const rejected = outcome.kind === 'partly' ? outcome.rejected : []
  return new Set(rejected.flatMap(({ index, error }) => (error.retryable === false ? [index] : [])))
}

/** What has no fate yet, and why. */
interface Rest {
  readonly parts: readonly Part[]
  readonly errors: readonly PluginError[]
}

const NOTHING: Rest = { parts: [], errors: [] }

/** The time that one session writes. */
class Run {
  readonly session: OutputSession
  readonly leaving = new AbortController()
  ended: Promise<void> = Promise.resolve()
  /** True when nothing that still comes from the session counts. */
  over = false
  /** True when the session has ended by itself; who takes it away puts another one in its place. */
  dead = false
  wake: (() => void) | undefined
  /** True while a write is open. */
  writing = false
  /** Kept when refused records that are being kept as dead letters have their fate. */
  refusing: Promise<void> | undefined

  constructor(session: OutputSession) {
    this.session = session
    this.leaving.signal.addEventListener('abort', () => this.wake?.())
  }

  /** True when no write may begin any more. */
  get isOver(): boolean {
    return this.dead || this.leaving.signal.aborted
  }

  /** True while records have neither their fate nor a place in the queue. */
  get busy(): boolean {
    return this.writing || this.refusing !== undefined
  }
}
