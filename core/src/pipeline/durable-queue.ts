import type { PluginError } from '@smart-gateway/sdk'
import type { DiskQueueFile } from '../disk/disk-queue.ts'
import type { Damage } from '../disk/messages.ts'
import { asError } from '../errors.ts'
import { letGo, settlePart, sliceChunk } from './chunk.ts'
import type { Chunk, Owner, Part } from './chunk.ts'
import { Outage } from './outage.ts'
import { ReadAhead } from './read-ahead.ts'
import { Removals } from './removals.ts'
import { Rows } from './rows.ts'
import { WaitingRoom } from './waiting-room.ts'
import type { Waiting } from './waiting-room.ts'
import type { Queue } from './queue.ts'
import { FULL, isFull, isOver } from './entrance.ts'
import type { Entrance, QueueLimits } from './entrance.ts'

/** What a durable queue tells its owner. */
export interface DurableOutcomes {
  /** The file cannot be opened or written; it is tried again after `delayMs`, and inputs wait meanwhile. */
  failing(error: Error, delayMs: number): void
  /** It can again. */
  works(): void
  /** So many records were found in it at the start. */
  recovered(records: number): void
  /** A batch could not be read back; its records are lost, and counted as rejected. */
  damaged(damage: Damage): void
  /** A record cannot be stored at all; it has its fate when the promise is kept. It must not reject. */
  unstorable(part: Part, error: PluginError): Promise<void>
}

/** What waits in memory for a file that cannot be written, where a policy says what to drop; blocking inputs bound it themselves. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/**
 * The entrance of an output's queue that lies on the disk: records are accepted when they are fsynced. Behind it stands a memory
 * queue with the ones that are written next; what does not fit there stays on the disk until there is room.
 */
export class DurableQueue implements Entrance {
  #limits: QueueLimits
  readonly #front: Queue
  readonly #open: () => Promise<DiskQueueFile>
  readonly #outcomes: DurableOutcomes
  readonly #closing = new AbortController()
  #file: DiskQueueFile | undefined
  /** Not on the disk yet, in the order in which they came. */
  readonly #waiting = new WaitingRoom()
  /** True while the file can take nothing: inputs wait. */
  #broken = true
  readonly #outage: Outage
  readonly #rows = new Rows((id) => this.#done(id))
  readonly #removals = new Removals(() => this.#file)
  readonly #ahead: ReadAhead
  #paused = false
  readonly #onRoom = new Set<() => void>()
  #onEmpty: (() => void)[] = []

  constructor(
    limits: QueueLimits,
    front: Queue,
    open: () => Promise<DiskQueueFile>,
    outcomes: DurableOutcomes,
  ) {
    this.#limits = limits
    this.#front = front
    this.#open = open
    this.#outcomes = outcomes
    this.#ahead = new ReadAhead(front, this.#rows, this.#removals, () => this.#file)
    this.#outage = new Outage(outcomes, () => this.#tryAgain(), this.#closing.signal)
  }

  get limits(): QueueLimits {
    return this.#limits
  }

  /** Other limits hold from now on; what is here stays, also where it is more than they admit. */
  limit(limits: QueueLimits): void {
    this.#limits = limits
    this.#releaseRoom()
  }

  /** Bytes on the disk and on their way there. */
  get bytes(): number {
    return this.#rows.held.bytes
  }

  /** Whether the file can be written. */
  get isOpen(): boolean {
    return !this.#broken
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Whether all that it holds is in front. */
  get isCaughtUp(): boolean {
    return !this.#broken && !this.#ahead.isBehind && this.#waiting.empty
  }

  /** Records that are neither on the disk nor on their way there. */
  get waiting(): number {
    let records = 0
    for (const { chunk, underWay } of this.#waiting) if (!underWay) records += chunk.batch.length
    return records
  }

  /** Has inputs wait, whatever room there is. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#releaseRoom()
  }

  /** Resolves as soon as all that it holds has its fate. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve)
      this.#tellEmpty()
    })
  }

  get blocks(): boolean {
    return (
      this.#paused ||
      this.#broken ||
      (this.limits.whenFull === 'block' && isFull(this.limits, this.#rows.held))
    )
  }

  /** Opens the file; until it is open, and whenever it cannot be written, inputs wait. Resolves after the first try. */
  async start(): Promise<void> {
    try {
      const file = await this.#open()
      if (this.#closing.signal.aborted) return await file.close()
      await this.#removals.askAgain(file)
      this.#begin(file)
    } catch (error) {
      this.#break(asError(error))
    }
  }

  push(chunk: Chunk, required: boolean): void {
    this.#front.ledger.of(chunk.input).routed += chunk.batch.length
    const waiting: Waiting = { chunk, required, underWay: false }
    if (this.limits.whenFull === 'dropNewest' && (isFull(this.limits, this.#rows.held) || this.#crowded))
      return this.#drop(waiting)
    this.#waiting.enter(waiting)
    if (!this.#broken) return this.#append(waiting)
    if (this.limits.whenFull !== 'dropOldest') return
    for (const oldest of this.#waiting) {
      if (!this.#crowded) break
      if (oldest.underWay) continue
      this.#waiting.leave(oldest)
      this.#drop(oldest)
    }
  }

  hurry(): void {
    this.#front.hurry()
  }

  onRoom(callback: () => void): void {
    if (this.blocks) this.#onRoom.add(callback)
    else callback()
  }

  /** What is on the disk, or may be there any moment, stays; only what cannot get there is let go of. */
  purge(source: object): ReadonlySet<Owner> {
    const gone = new Set<Owner>()
    for (const waiting of this.#waiting) {
      const { chunk, underWay } = waiting
      const isItsOwn = chunk.owners.every(
        ({ openAt, source: from }) => from === source && openAt !== undefined,
      )
      if (underWay || !isItsOwn) continue
      this.#waiting.leave(waiting)
      this.#front.ledger.of(chunk.input).returned += chunk.batch.length
      for (const owner of chunk.owners) gone.add(owner)
    }
    return gone
  }

  /** Gives back what is neither on the disk nor on its way there, for an output that is taken away. */
  evict(error: PluginError): { readonly returned: number; readonly dropped: number } {
    const owners = new Set<Owner>()
    const left = { returned: 0, dropped: 0 }
    for (const waiting of this.#waiting) {
      const { chunk, required, underWay } = waiting
      if (underWay) continue
      this.#waiting.leave(waiting)
      const fate = required ? 'returned' : 'dropped'
      this.#front.ledger.of(chunk.input)[fate] += chunk.batch.length
      left[fate] += chunk.batch.length
      if (required) for (const owner of chunk.owners) owners.add(owner)
    }
    for (const owner of owners) owner.abandon(error)
    return left
  }

  *owners(): Generator<Owner> {
    for (const { chunk } of this.#waiting) yield* chunk.owners
  }

  /** Records that have no fate yet by input; those that were found count once they were read. */
  inFlight(): Map<string, number> {
    const inputs = new Map<string, number>()
    const count = (input: string, records: number): void =>
      void inputs.set(input, (inputs.get(input) ?? 0) + records)
    for (const { chunk } of this.#waiting) count(chunk.input, chunk.batch.length)
    for (const [input, records] of this.#rows.left()) count(input, records)
    return inputs
  }

  /** A row turned out to be damaged while the file is open. */
  damaged(damage: Damage): void {
    this.#outcomes.damaged(damage)
    this.#lose(damage, true)
  }

  /** Lets go of the file, once what is under way is there. Returns the records that stay in it for the next start. */
  async close(): Promise<number> {
    this.#closing.abort()
    this.#removals.ask()
    const file = this.#file
    await file?.close()
    return file?.stored.records ?? 0
  }

  #begin(file: DiskQueueFile): void {
    const isFirst = this.#file === undefined && this.#rows.isUntouched
    for (const damage of file.damaged) {
      this.#outcomes.damaged(damage)
      this.#lose(damage, !isFirst)
    }
    if (isFirst) {
      this.#rows.found(file.recovered)
      if (file.recovered.records > 0) this.#outcomes.recovered(file.recovered.records)
    }
    this.#file = file
    this.#ahead.begin()
    void file.failed.then((error) => {
      this.#file = undefined
      this.#break(error)
    })
    this.#resume()
    void this.#read()
  }

  /** Counts what is lost with a damaged row; `held` says whether it was among what the queue holds. */
  #lose({ id, input, records, bytes }: Damage, held: boolean): void {
    const row = this.#rows.get(id)
    if (row?.inFront === true || (row === undefined && this.#rows.isOwn(id))) return
    if (row !== undefined) {
      this.#front.ledger.of(row.input).rejected += row.left
      return row.accept(row.left)
    }
    // Of an earlier run, and not read yet.
    const edge = this.#front.ledger.of(input)
    edge.recovered += records
    edge.rejected += records
    if (!held) return
    this.#rows.release({ bytes, records })
    this.#releaseRoom()
  }

  #resume(): void {
    this.#broken = false
    for (const waiting of this.#waiting) if (!waiting.underWay) this.#append(waiting)
    if (this.#waiting.empty) this.#outage.end()
    this.#releaseRoom()
  }

  #append(waiting: Waiting): void {
    const { chunk } = waiting
    waiting.underWay = true
    this.#removals.ask()
    const { id, bytes, onDisk } = this.#file!.append(chunk.input, chunk.batch, chunk.arrivedMs)
    this.#rows.sent(id, { bytes, records: chunk.batch.length })
    onDisk.then(
      () => this.#stored(id, bytes, waiting),
      (error: PluginError) => this.#refused(bytes, waiting, error),
    )
    if (this.limits.whenFull !== 'dropOldest') return
    while (isOver(this.limits, this.#rows.held) && this.#front.dropOldest());
  }

  #stored(id: number, bytes: number, waiting: Waiting): void {
    const { chunk, required } = waiting
    const { batch, input } = chunk
    this.#waiting.leave(waiting)
    if (!this.#broken) this.#outage.end()
    const row = this.#rows.add(id, input, { bytes, records: batch.length })
    this.#ahead.offer(id, row, { ...chunk, owners: [row], ends: [batch.length] })
    settlePart({ chunk, from: 0, to: batch.length, required })
    void this.#read()
  }

  #refused(bytes: number, waiting: Waiting, error: PluginError): void {
    const { chunk, required } = waiting
    this.#rows.release({ bytes, records: chunk.batch.length })
    if (error.retryable !== false) {
      waiting.underWay = false
      return this.#break(error)
    }
    if (chunk.batch.length > 1) return this.#halve(waiting)
    const part: Part = { chunk, from: 0, to: 1, required }
    void this.#outcomes.unstorable(part, error).then(() => {
      this.#waiting.leave(waiting)
      this.#front.ledger.of(chunk.input).rejected++
      settlePart(part, error)
    })
  }

  /** Tries each half alone: it is not known which of the records cannot be stored. */
  #halve(waiting: Waiting): void {
    const { chunk, required } = waiting
    const middle = chunk.batch.length >> 1
    this.#waiting.leave(waiting)
    for (const half of [sliceChunk(chunk, 0, middle), sliceChunk(chunk, middle, chunk.batch.length)]) {
      const next = { chunk: half, required, underWay: false }
      this.#waiting.enter(next)
      if (!this.#broken) this.#append(next)
    }
  }

  #break(error: Error): void {
    this.#broken = true
    this.#outage.begin(error)
  }

  #tryAgain(): void {
    if (this.#file === undefined) void this.start()
    else this.#resume()
  }

  /** All records of a row have their fate. */
  #done(id: number): void {
    this.#removals.add(id)
    this.#releaseRoom()
    this.#tellEmpty()
    void this.#read()
  }

  #tellEmpty(): void {
    if (this.#rows.size > 0 || !this.isCaughtUp) return
    for (const resolve of this.#onEmpty.splice(0)) resolve()
  }

  async #read(): Promise<void> {
    await this.#ahead.read()
    this.#tellEmpty()
  }

  /** True when what waits for a file that cannot be written is more than memory shall hold. */
  get #crowded(): boolean {
    return this.#waiting.bytes > Math.min(this.limits.maxBytes, MAX_WAITING_BYTES)
  }

  #drop({ chunk, required }: Waiting): void {
    this.#front.ledger.of(chunk.input).dropped += chunk.batch.length
    letGo({ chunk, from: 0, to: chunk.batch.length, required }, FULL)
  }

  #releaseRoom(): void {
    if (this.blocks) return
    const callbacks = [...this.#onRoom]
    this.#onRoom.clear()
    for (const callback of callbacks) callback()
  }
}
