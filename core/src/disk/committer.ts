import { faultOf, passes } from './faults.ts'
import type { Amount, Fault, Reply, Row, SeriesText, WriteRequest } from './messages.ts'
import type { QueueTables } from './queue-tables.ts'
import type { Reserve } from './reserve.ts'

/**
 * Writes what was asked for, one transaction a call. Without room it refuses what is to be added and goes on removing, so
 * that the queue can drain and room comes back.
 */
export class Committer {
  readonly #tables: QueueTables
  readonly #reserve: Reserve
  readonly #path: string
  readonly #reply: (reply: Reply) => void
  /** Removals, series and forgotten series that no transaction has taken yet. Only appends are refused. */
  readonly #removals: (readonly number[])[] = []
  readonly #series: SeriesText[] = []
  readonly #forgotten: number[] = []
  /** The last ids of an earlier process while batches of it are there. */
  #recovered: { readonly lastId: number; readonly lastSeriesId: number } | undefined
  #stored: Amount
  #lastId: number
  #logBytes = 0
  /** Why nothing can be added. */
  #trouble: Fault | undefined

  constructor(
    { tables, reserve, path }: { tables: QueueTables; reserve: Reserve; path: string },
    recovery: { readonly recovered: Amount; readonly lastId: number; readonly lastSeriesId: number },
    reply: (reply: Reply) => void,
  ) {
    this.#tables = tables
    this.#reserve = reserve
    this.#path = path
    this.#reply = reply
    this.#stored = recovery.recovered
    this.#lastId = recovery.lastId
    this.#recovered = recovery
    this.#attempt(() => reserve.hold())
  }

  /** True when a removal waits for room. */
  get waits(): boolean {
    return this.#removals.length > 0
  }

  /** Batches that are there no more as far as the asker knows. */
  isRemoved(id: number): boolean {
    return this.#removals.some((ids) => ids.includes(id))
  }

  commit(requests: readonly WriteRequest[]): void {
    const rows = this.#sort(requests)
    if (this.#trouble !== undefined) this.#regain()
    const fault = this.#trouble ?? this.#attempt(() => this.#write(rows))
    if (fault === undefined) {
      if (this.#logBytes >= CHECKPOINT_BYTES) this.#attempt(() => this.#checkpoint())
      return
    }
    if (rows.length > 0) this.#reply({ kind: 'refused', upToId: rows.at(-1)!.id, fault })
    this.#drain()
    // Here as well: who tries again and again would leave no time for it.
    this.shrink()
  }

  /** Gives some of the pages that are free back to the disk; false when that is all. */
  shrink(): boolean {
    const { free, all } = this.#tables.pages()
    const kept = this.#trouble === undefined ? Math.max(KEPT_FREE_PAGES, all - free) : 0
    const count = Math.min(free - kept, this.#trouble === undefined ? SHRINK_PAGES : SHRINK_PAGES_IN_TROUBLE)
    if (count <= 0) return false
    if (this.#attempt(() => this.#tables.freePages(count)) !== undefined) return false
    this.#attempt(() => this.#checkpoint())
    return free - kept > count
  }

  /** Moves a damaged batch out of the queue and returns what is left. */
  setAside(id: bigint | number, reason: string): Amount {
    // Without room it stays where it is, and is found again at the next start.
    const fault = this.#attempt(() => this.#tables.setAside(id, reason))
    if (fault === undefined) this.#stored = this.#tables.amount()
    return this.#stored
  }

  #sort(requests: readonly WriteRequest[]): readonly Row[] {
    const rows: Row[] = []
    for (const request of requests) {
      if (request.kind === 'append') {
        rows.push(request.row)
        for (const series of request.series) this.#series.push(series)
      } else if (request.kind === 'remove') this.#removals.push(request.ids)
      else for (const id of request.ids) this.#forgotten.push(id)
    }
    this.#lastId = rows.at(-1)?.id ?? this.#lastId
    return rows
  }

  /** Removes in steps so small that the reserve has room for them, even where the log cannot be copied yet. */
  #drain(): void {
    this.#attempt(() => this.#checkpoint())
    while (this.waits && this.#attempt(() => this.#write([], REMOVALS_IN_TROUBLE)) === undefined)
      this.#attempt(() => this.#checkpoint())
  }

  #write(rows: readonly Row[], most = Infinity): void {
    const removals = this.#removals.slice(0, most)
    if (rows.length === 0 && removals.length === 0) return
    let { batches, records, bytes } = this.#stored
    let recovered = this.#recovered
    let oldestId = 0
    this.#tables.transaction(() => {
      if (rows.length > 0) this.#writeSeries()
      for (const row of rows) {
        this.#tables.insert(row)
        batches++
        records += row.records
        bytes += row.bytes
      }
      for (const id of removals.flat()) {
        const gone = this.#tables.delete(id)
        if (gone === undefined) continue
        batches--
        records -= gone.records
        bytes -= gone.bytes
      }
      oldestId = this.#tables.oldestId() ?? this.#lastId + 1
      // Without room this can wait.
      if (recovered !== undefined && oldestId > recovered.lastId && this.#trouble === undefined) {
        this.#tables.deleteSeriesUpTo(recovered.lastSeriesId)
        recovered = undefined
      }
    })
    // From here on nothing may fail: it is on the disk.
    this.#recovered = recovered
    if (rows.length > 0) this.#series.length = this.#forgotten.length = 0
    this.#removals.splice(0, removals.length)
    this.#stored = { batches, records, bytes }
    for (const row of rows) this.#logBytes += row.bytes + PAGE_BYTES
    this.#logBytes += removals.length * PAGE_BYTES
    this.#reply({
      kind: 'committed',
      upToId: this.#lastId,
      removals: removals.length,
      stored: this.#stored,
      oldestId,
    })
  }

  #writeSeries(): void {
    for (const series of this.#series) this.#tables.insertSeries(series)
    for (const id of this.#forgotten) this.#tables.deleteSeries(id)
  }

  #checkpoint(): void {
    this.#tables.checkpoint()
    this.#logBytes = 0
  }

  #regain(): void {
    try {
      this.#checkpoint()
      this.#reserve.hold()
      this.#trouble = undefined
    } catch (error) {
      this.#suffer(error)
    }
  }

  /** Does what may fail for want of room, and says so when it did. */
  #attempt(work: () => void): Fault | undefined {
    try {
      work()
      return undefined
    } catch (error) {
      return this.#suffer(error)
    }
  }

  #suffer(error: unknown): Fault {
    const fault = faultOf(error, this.#path)
    if (!passes(fault)) throw error
    this.#trouble = fault
    this.#reserve.release()
    return fault
  }
}

const PAGE_BYTES = 4096
/** The log is copied into the database when about so much is in it: what the reserve must have room for. */
const CHECKPOINT_BYTES = 1024 ** 2
const REMOVALS_IN_TROUBLE = 100
/** Free pages up to these, or up to as many as are in use, stay in the file for what comes next. */
const KEPT_FREE_PAGES = 2048
/** Each page that is moved is written to the log first. */
const SHRINK_PAGES = 512
const SHRINK_PAGES_IN_TROUBLE = 64
