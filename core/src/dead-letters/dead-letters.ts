import { join } from 'node:path'
import type { Logger } from 'pino'
import { reasonOf } from '../errors.ts'
import type { LetterLimits, Page } from './letter-file.ts'
import { LetterThread } from './letter-thread.ts'
import type { Letter, LetterInfo, NewLetter, Selection } from './letter.ts'
import { ROW_BYTES, rowOf } from './row.ts'
import type { TextScrubber } from './scrubbing.ts'

/** What became of letters that were to be kept. */
export interface Kept {
  readonly kept: number
  readonly notKept: number
  /** Why the first of those was not kept. */
  readonly reason?: string
}

/** Where the letters of a gateway with this state folder are. */
export function deadLetterFile(stateFolder: string): string {
  return join(stateFolder, 'dead-letters.sqlite')
}

/** How a store is opened. */
export interface DeadLetterOptions {
  readonly stateFolder: string
  readonly limits: LetterLimits
  readonly scrubber: TextScrubber
  readonly log: Logger
}

/** Opens the store of a gateway, or makes it. Rejects with SG_DEAD_LETTERS_FAILED: damaged, in use, not to be written. */
export async function openDeadLetters(options: DeadLetterOptions): Promise<DeadLetters> {
  const thread = await LetterThread.start(deadLetterFile(options.stateFolder), options.limits)
  return new DeadLetters(thread, options)
}

/** What waits for the disk is memory, which has a bound of its own: more than a second of a flood. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024
/** Once the store is so much below its bound, being full again is told again. */
const ROOM = 0.9
/** And not sooner than this: a flood of letters must not become one of lines. */
const QUIET_MS = 60_000

/** What could not be delivered, where a person finds it. It is bounded, has no secret in it and does its work on another thread. */
export class DeadLetters {
  readonly limits: LetterLimits
  readonly #thread: LetterThread
  readonly #scrubber: TextScrubber
  readonly #log: Logger
  /** Bytes of letters that are not on the disk yet, roughly. */
  #waitingBytes = 0
  #counts = { kept: 0, notKept: 0, replayed: 0, dropped: 0, overflowed: 0 }
  /** What was logged since there last was room, and when. */
  readonly #told = new Map<string, number>()

  constructor(thread: LetterThread, { limits, scrubber, log }: DeadLetterOptions) {
    this.#thread = thread
    this.limits = limits
    this.#scrubber = scrubber
    this.#log = log
  }

  /** Letters and bytes now, and letters since the start: kept, not kept for a fault, replayed, dropped by a person, discarded by the bound. */
  get counts() {
    const { letters, bytes, discarded } = this.#thread.totals
    const { overflowed, ...counts } = this.#counts
    return { letters, bytes, ...counts, discarded: discarded + overflowed }
  }

  /** Keeps letters; resolves when they are on the disk or could not be kept, and never rejects. What is in them MUST NOT change meanwhile. */
  async add(letters: readonly NewLetter[]): Promise<Kept> {
    const timeMs = Date.now()
    const outcomes = await Promise.all(letters.map((letter) => this.#add(letter, timeMs)))
    const reasons = outcomes.filter((reason) => reason !== undefined)
    const [reason] = reasons
    if (reason === undefined && this.counts.bytes < this.limits.maxBytes * ROOM) this.#forget(timeMs)
    const notKept = reasons.length
    return { kept: letters.length - notKept, notKept, ...(reason !== undefined && { reason }) }
  }

  /** A page of letters without their content, newest first. */
  list(page: Page): Promise<readonly LetterInfo[]> {
    return this.#thread.run(() => ['list', page])
  }

  async get(id: number): Promise<Letter | undefined> {
    const found = await this.#thread.run(() => ['get', id])
    return (
      found && {
        ...found,
        body: Buffer.from(found.body.buffer as ArrayBuffer, found.body.byteOffset, found.body.byteLength),
      }
    )
  }

  /** The ids of the letters that are meant, oldest first. */
  ids(selection: Selection): Promise<readonly number[]> {
    return this.#thread.run(() => ['ids', selection])
  }

  /** Lets go of letters as a person asked, and says how many. */
  async drop(selection: Selection): Promise<number> {
    const dropped = await this.#thread.run(() => ['drop', selection])
    this.#counts.dropped += dropped
    if (dropped > 0) this.#log.info({ dropped }, 'dead letters were dropped as asked')
    return dropped
  }

  /** Lets go of a letter whose replay succeeded; when it has died again meanwhile it stays, and its new reason is returned. */
  async delivered({ id, replays }: LetterInfo): Promise<string | undefined> {
    const reason = await this.#thread.run(() => ['delivered', id, replays])
    if (reason === undefined) this.#counts.replayed++
    return reason
  }

  /** Gives a letter whose replay failed its new reason. */
  async refused({ id, replays }: LetterInfo, error: unknown): Promise<void> {
    const reason = this.#scrubber.scrub(reasonOf(error))
    await this.#thread.run(() => ['refused', id, replays, reason, Date.now()])
  }

  /** Keeps what it was given, then closes the file. */
  close(): Promise<void> {
    return this.#thread.close()
  }

  /** Why the letter was not kept, or nothing. */
  async #add(letter: NewLetter, timeMs: number): Promise<string | undefined> {
    const bytes = ROW_BYTES + (letter.kind === 'message' ? letter.message.body.length : ROW_BYTES)
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#counts.overflowed++
      return this.#tell('the disk does not keep up with them')
    }
    this.#waitingBytes += bytes
    const { discarded } = this.#thread.totals
    try {
      const outcome = await this.#thread.run(() => ['add', rowOf(letter, timeMs, this.#scrubber)])
      if (outcome === 'tooLarge')
        return this.#tell(`one is larger than their whole store (${this.limits.maxBytes} bytes)`)
      if (outcome === 'full') return this.#tell(`their store is full (${this.limits.maxBytes} bytes)`)
      if (outcome === 'kept') this.#counts.kept++
      if (this.limits.whenFull === 'dropOldest' && this.#thread.totals.discarded > discarded)
        this.#tellOldestGo()
      return undefined
    } catch (error) {
      this.#counts.notKept++
      return this.#tell(reasonOf(error))
    } finally {
      this.#waitingBytes -= bytes
    }
  }

  #tell(reason: string): string {
    this.#sayOnce(`dead letters are not kept: ${reason}`)
    return reason
  }

  #tellOldestGo(): void {
    this.#sayOnce(
      `the dead letter store is full (${this.limits.maxBytes} bytes): the oldest letters are discarded for new ones`,
    )
  }

  #sayOnce(line: string): void {
    if (this.#told.has(line)) return
    this.#told.set(line, Date.now())
    this.#log.warn(line)
  }

  #forget(nowMs: number): void {
    for (const [line, toldMs] of this.#told) if (nowMs - toldMs > QUIET_MS) this.#told.delete(line)
  }
}
