import type { PluginError } from '@smart-gateway/sdk'
import { cutAtOwners, letGo, settlePart, stretchesOf } from './chunk.ts'
import type { Chunk, Owner, Part } from './chunk.ts'
import { FULL, isFull, isOver, TOO_OLD, roomIn } from './entrance.ts'
import type { Entrance, QueueLimits } from './entrance.ts'
import { Fifo } from './fifo.ts'
import { Ledger } from './ledger.ts'
import { bytesOf, timeOf } from './parts.ts'
import { refusalFor } from './refusal.ts'

/**
 * The bounded buffer in front of one output. It belongs to the output's name and outlives every generation of the plugin.
 * What is being written counts until its fate is known.
 */
export class Queue implements Entrance {
  #limits: QueueLimits
  /** Records by fate since the start; what is in here or being written is counted by `walk`, never derived. */
  readonly ledger: Ledger
  readonly #parts = new Fifo<Part>()
  readonly #holds = { bytes: 0, records: 0 }
  #open: readonly Part[] = []
  #awaited = false
  #wake: (() => void) | undefined
  #watcher: (() => void) | undefined
  readonly #waitingForRoom = new Set<() => void>()
  readonly #onIdle: (() => void)[] = []

  constructor(limits: QueueLimits, ledger = new Ledger()) {
    this.#limits = limits
    this.ledger = ledger
  }

  get limits(): QueueLimits {
    return this.#limits
  }

  /** Other limits hold from now on; what is here stays, also where it is more than they admit. */
  limit(limits: QueueLimits): void {
    this.#limits = limits
    this.#releaseRoom()
    this.#watcher?.()
  }

  get bytes(): number {
    return this.#holds.bytes
  }

  /** As `bytes`, in records. */
  get records(): number {
    return this.#holds.records
  }

  /** True when there is nothing to take. */
  get empty(): boolean {
    return this.#parts.length === 0
  }

  /** True when to wait for more would be wrong: a source can send no more before what is here has its fate, or there is no room. */
  get awaited(): boolean {
    return this.#awaited
  }

  get blocks(): boolean {
    return this.limits.whenFull === 'block' && isFull(this.limits, this.#holds)
  }

  push(chunk: Chunk, required: boolean): void {
    this.ledger.of(chunk.input).routed += chunk.batch.length
    this.admit(chunk, required)
  }

  /** As `push`, for records that were counted before. */
  admit(chunk: Chunk, required: boolean): void {
    const whole: Part = { chunk, from: 0, to: chunk.batch.length, required }
    const part = this.limits.whenFull === 'dropNewest' ? this.#dropNewest(whole) : whole
    if (part !== undefined) {
      this.#parts.push(part)
      this.#holds.bytes += bytesOf(part)
      this.#holds.records += part.to
    }
    if (part?.to !== whole.to || isFull(this.limits, this.#holds)) this.#awaited = !this.empty
    if (this.limits.whenFull === 'dropOldest') while (isOver(this.limits, this.#holds) && this.#dropOldest());
    this.#wake?.()
    this.#watcher?.()
  }

  hurry(): void {
    this.#awaited = !this.empty
    this.#watcher?.()
  }

  /** Calls back after every push and hurry, until the function that it returns is called. */
  watch(watcher: () => void): () => void {
    this.#watcher = watcher
    return () => void (this.#watcher = undefined)
  }

  /** The oldest parts of one signal, up to the limits, at least one record; empty when there is nothing. They stay counted until `settle`. */
  take(maxRecords: number, maxBytes: number): readonly Part[] {
    const taken: Part[] = []
    let records = 0
    let bytes = 0
    for (let whole = this.#parts.first; whole !== undefined; whole = this.#parts.first) {
      const next = this.#fresh(whole)
      if (next === undefined) {
        this.#parts.shift()
        continue
      }
      if (next.from > whole.from) this.#parts.replaceFirst({ ...whole, from: next.from })
      if (taken.length > 0 && next.chunk.batch.signal !== taken[0]!.chunk.batch.signal) break
      const room = this.#fitting(next, maxRecords - records, maxBytes - bytes, taken.length === 0)
      if (room === 0) break
      const part = { ...next, to: next.from + room }
      taken.push(part)
      records += room
      bytes += bytesOf(part)
      if (part.to === whole.to) this.#parts.shift()
      else this.#parts.replaceFirst({ ...whole, from: part.to })
    }
    this.#open = taken
    if (taken.length === 0) this.#tellIdle()
    if (this.limits.maxAgeMs !== undefined) this.#releaseRoom()
    if (this.empty) this.#awaited = false
    return taken
  }

  /** Ends what `take` gave: delivered, or refused for good with the reason. */
  settle(parts: readonly Part[], failure?: PluginError): void {
    const settled = new Set(parts)
    this.#open = this.#open.filter((part) => !settled.has(part))
    const refusal = failure && refusalFor('a store refused its records for good', failure)
    for (const part of parts) {
      this.ledger.of(part.chunk.input)[failure === undefined ? 'delivered' : 'rejected'] +=
        part.to - part.from
      this.#leave(part)
      settlePart(part, refusal)
    }
    this.#releaseRoom()
    this.#tellIdle()
  }

  /** Puts what `take` gave and has no fate yet back to the front, for another try by another session. */
  putBack(): void {
    this.#parts.unshift(this.#open)
    this.#open = []
    // It has waited long enough.
    this.#awaited = !this.empty
  }

  /** Replaces parts that are being written by smaller ones that cover the same records. */
  divide(parts: readonly Part[], pieces: readonly Part[]): void {
    const divided = new Set(parts)
    const at = this.#open.findIndex((part) => divided.has(part))
    this.#open = this.#open.filter((part) => !divided.has(part)).toSpliced(at, 0, ...pieces)
  }

  /** Calls back once, as soon as there is something to take. */
  onItem(wake: () => void): void {
    if (!this.empty) wake()
    else
      this.#wake = () => {
        this.#wake = undefined
        wake()
      }
  }

  onRoom(callback: () => void): void {
    if (this.blocks) this.#waitingForRoom.add(callback)
    else callback()
  }

  purge(source: object): ReadonlySet<Owner> {
    const gone = new Set<Owner>()
    const kept: Part[] = []
    for (const whole of this.#parts) {
      for (const { part, owner } of cutAtOwners(whole, source)) {
        if (owner === undefined) {
          kept.push(part)
          continue
        }
        gone.add(owner)
        this.ledger.of(part.chunk.input).returned += part.to - part.from
        this.#leave(part)
      }
    }
    if (gone.size === 0) return gone
    this.#parts.drain()
    this.#parts.unshift(kept)
    if (this.empty) this.#awaited = false
    this.#releaseRoom()
    return gone
  }

  /** Gives back everything that waits, for an output that is taken away; what nobody would send again is dropped, what is stored is let go of. */
  evict(error: PluginError): { readonly returned: number; readonly dropped: number } {
    const parts = this.#parts.drain()
    const owners = new Set<Owner>()
    const left = { returned: 0, dropped: 0 }
    for (const part of parts) {
      for (const { records, owner } of stretchesOf(part)) {
        if (owner.isStored) continue
        const fate = part.required && owner.openAt !== undefined ? 'returned' : 'dropped'
        if (fate === 'returned') owners.add(owner)
        this.ledger.of(part.chunk.input)[fate] += records
        left[fate] += records
      }
      this.#leave(part)
    }
    for (const owner of owners) owner.abandon(error)
    this.#releaseRoom()
    this.#tellIdle()
    return left
  }

  *owners(): Generator<Owner> {
    for (const { chunk } of this.#parts) yield* chunk.owners
    for (const { chunk } of this.#open) yield* chunk.owners
  }

  /** Lets go of the oldest part that waits; false when none does. */
  dropOldest(): boolean {
    const part = this.#parts.shift()
    if (part === undefined) return false
    this.#leave(part)
    this.#drop(part)
    return true
  }

  /** Resolves as soon as nothing is here and nothing is being written. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle.push(resolve)
      this.#tellIdle()
    })
  }

  /** Counts the records in here and in open writes by input, but for those that are stored: they are counted where they lie. */
  inFlight(): Map<string, number> {
    const inputs = new Map<string, number>()
    const count = ({ chunk: { input, owners }, from, to }: Part): void => {
      if (owners[0]?.isStored !== true) inputs.set(input, (inputs.get(input) ?? 0) + to - from)
    }
    for (const part of this.#parts) count(part)
    this.#open.forEach(count)
    return inputs
  }

  /** Counts the records in here and in open writes, one by one part. */
  walk(): { records: number; open: number } {
    let records = 0
    for (const { from, to } of this.#parts) records += to - from
    let open = 0
    for (const part of this.#open) open += part.to - part.from
    return { records, open }
  }

  #tellIdle(): void {
    if (this.empty && this.#open.length === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** Lets go of what is too old at the beginning of a part; returns the stretch behind it that is not, if there is one. */
  #fresh(part: Part): Part | undefined {
    const { maxAgeMs } = this.limits
    if (maxAgeMs === undefined) return part
    const oldestMs = Date.now() - maxAgeMs
    const { chunk, to } = part
    let { from } = part
    while (from < to && timeOf(chunk, from) < oldestMs) from++
    if (from > part.from) {
      const old = { ...part, to: from }
      this.ledger.of(chunk.input).expired += from - part.from
      this.#leave(old)
      letGo(old, TOO_OLD)
    }
    if (from === to) return undefined
    let end = from + 1
    while (end < to && timeOf(chunk, end) >= oldestMs) end++
    return { ...part, from, to: end }
  }

  #leave(part: Part): void {
    this.#holds.bytes -= bytesOf(part)
    this.#holds.records -= part.to - part.from
  }

  #fitting(part: Part, records: number, bytes: number, first: boolean): number {
    const available = part.to - part.from
    const each = part.chunk.bytes / part.chunk.batch.length
    const byBytes = Math.floor(bytes / each)
    return Math.max(first ? 1 : 0, Math.min(available, records, byBytes))
  }

  /** Lets go of what does not fit of a part; returns what does. A record that is larger than the queue has it for itself. */
  #dropNewest(part: Part): Part | undefined {
    const room = roomIn(this.limits, this.#holds, part.chunk.bytes / part.chunk.batch.length)
    const to = Math.min(part.to, Math.max(room, this.#holds.records === 0 ? 1 : 0))
    if (to < part.to) this.#drop({ ...part, from: to })
    return to > 0 ? { ...part, to } : undefined
  }

  /** Lets go of the oldest records that are too many, of one part at most, but never of the last one; false when that is all there is. */
  #dropOldest(): boolean {
    const part = this.#parts.first!
    const excess = -roomIn(this.limits, this.#holds, part.chunk.bytes / part.chunk.batch.length)
    if (this.#parts.length > 1 && excess >= part.to - part.from) return this.dropOldest()
    const from = Math.min(part.from + excess, part.to - 1)
    if (from === part.from) return false
    const old = { ...part, to: from }
    this.#parts.replaceFirst({ ...part, from })
    this.#leave(old)
    this.#drop(old)
    return true
  }

  #drop(part: Part): void {
    this.ledger.of(part.chunk.input).dropped += part.to - part.from
    letGo(part, FULL)
  }

  #releaseRoom(): void {
    if (this.blocks) return
    const callbacks = [...this.#waitingForRoom]
    this.#waitingForRoom.clear()
    for (const callback of callbacks) callback()
  }
}
