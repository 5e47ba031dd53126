import type { Batch } from '@smart-gateway/sdk'
import { asError, GatewayError } from '../errors.ts'
import { joinBatches, sliceBatch } from './batches.ts'
import { settlePart } from './chunk.ts'
import type { Chunk, Owner, Part } from './chunk.ts'
import type { Entrance } from './entrance.ts'
import type { Filters } from './filters.ts'
import type { Ledger } from './ledger.ts'
import type { Refused } from './parts.ts'
import { refusalFor } from './refusal.ts'

/** What a screen is made of. */
export interface ScreenParts {
  /** What stands behind it now. */
  behind(): Entrance
  /** All that stands or stood behind it and may hold records still. */
  holders(): Iterable<Entrance>
  readonly ledger: Ledger
  /** Told of records that a filter failed on; they have their fate when the promise is kept. It must not reject. */
  refused(refused: readonly Refused[]): Promise<void>
}

/** The entrance of an output that has filters: what they leave of a chunk enters the queue behind it. */
export class Screen implements Entrance {
  readonly #parts: ScreenParts
  #filters: Filters | undefined
  /** Records that a filter failed on, on their way to the dead letters. */
  readonly #dying = new Set<Part>()

  constructor(parts: ScreenParts) {
    this.#parts = parts
  }

  /** Other filters see what comes from now on. */
  setFilters(filters: Filters | undefined): void {
    this.#filters = filters
  }

  get filters(): Filters | undefined {
    return this.#filters
  }

  get blocks(): boolean {
    return this.#parts.behind().blocks
  }

  push(chunk: Chunk, required: boolean): void {
    const behind = this.#parts.behind()
    const filters = this.#filters
    if (filters === undefined) return behind.push(chunk, required)
    const { closed } = filters
    if (closed !== undefined) return this.#turnAway(chunk, required, closed.name)
    const { left, gone, refused } = sift(chunk, required, filters)
    const edge = this.#parts.ledger.of(chunk.input)
    for (const { records } of gone) {
      edge.routed += records
      edge.filtered += records
    }
    edge.routed += refused.length
    if (left !== undefined) behind.push(left, required)
    if (refused.length > 0) void this.#bury(refused)
    if (required) for (const { owner, records } of gone) owner.accept(records)
  }

  hurry(): void {
    this.#parts.behind().hurry()
  }

  onRoom(callback: () => void): void {
    this.#parts.behind().onRoom(callback)
  }

  purge(source: object): ReadonlySet<Owner> {
    const gone = new Set<Owner>()
    for (const holder of this.#parts.holders()) for (const owner of holder.purge(source)) gone.add(owner)
    return gone
  }

  *owners(): Generator<Owner> {
    for (const holder of this.#parts.holders()) yield* holder.owners()
    for (const { chunk } of this.#dying) yield* chunk.owners
  }

  /** Adds the records that are here to those that have no fate yet, by input. */
  addInFlight(inFlight: Map<string, number>): void {
    for (const { chunk } of this.#dying) inFlight.set(chunk.input, (inFlight.get(chunk.input) ?? 0) + 1)
  }

  async #bury(refused: readonly Refused[]): Promise<void> {
    for (const { part } of refused) this.#dying.add(part)
    await this.#parts.refused(refused)
    for (const { part, error } of refused) {
      this.#dying.delete(part)
      this.#parts.ledger.of(part.chunk.input).rejected++
      settlePart(part, refusalFor('a filter failed on one of its records', error))
    }
  }

  // A required output's sources wait before it comes to this; nobody waits for an optional one.
  #turnAway(chunk: Chunk, required: boolean, filter: string): void {
    const edge = this.#parts.ledger.of(chunk.input)
    edge.routed += chunk.batch.length
    edge[required ? 'returned' : 'unfiltered'] += chunk.batch.length
    if (!required) return
    const error = new GatewayError('SG_NO_FILTER', `the filter ${filter} is not open`)
    for (const owner of chunk.owners) owner.abandon(error)
  }
}

interface Sifted {
  readonly left: Chunk | undefined
  readonly gone: readonly { readonly owner: Owner; readonly records: number }[]
  readonly refused: readonly Refused[]
}

/** What filters leave of a chunk, which is the chunk itself when they change nothing. */
function sift(chunk: Chunk, required: boolean, filters: Filters): Sifted {
  const left: Batch[] = []
  const owners: Owner[] = []
  const ends: number[] = []
  const gone: { owner: Owner; records: number }[] = []
  const refused: Refused[] = []
  let changed = false
  let end = 0
  for (let i = 0, from = 0; i < chunk.owners.length; from = chunk.ends[i++]!) {
    const to = chunk.ends[i]!
    const owner = chunk.owners[i]!
    const mine = sliceBatch(chunk.batch, from, to)
    const refusedBefore = refused.length
    const kept = filtered(mine, { chunk, from, to, required }, filters, refused)
    changed ||= kept.length !== 1 || kept[0] !== mine
    let records = 0
    for (const batch of kept) records += batch.length
    const dead = refused.length - refusedBefore
    if (records + dead < to - from) gone.push({ owner, records: to - from - records - dead })
    if (records === 0) continue
    for (const batch of kept) if (batch.length > 0) left.push(batch)
    owners.push(owner)
    ends.push((end += records))
  }
  if (!changed) return { left: chunk, gone, refused }
  if (end === 0) return { left: undefined, gone, refused }
  const bytes = (chunk.bytes * end) / chunk.batch.length
  return { left: { ...chunk, batch: joinBatches(left), owners, ends, bytes }, gone, refused }
}

/** What filters leave of a batch; where they fail on it, its records go through one by one. */
function filtered(batch: Batch, part: Part, filters: Filters, refused: Refused[]): readonly Batch[] {
  try {
    return [filters.apply(batch)]
  } catch (thrown) {
    if (batch.length > 1) return [...oneByOne(batch, part, filters, refused)]
    refused.push({ part, error: asError(thrown) })
    return []
  }
}

function* oneByOne(batch: Batch, part: Part, filters: Filters, refused: Refused[]): Generator<Batch> {
  for (let i = 0; i < batch.length; i++) {
    const from = part.from + i
    yield* filtered(sliceBatch(batch, i, i + 1), { ...part, from, to: from + 1 }, filters, refused)
  }
}
