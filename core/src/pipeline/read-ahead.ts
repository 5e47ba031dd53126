import type { DiskQueueFile, StoredBatch } from '../disk/disk-queue.ts'
import type { Chunk } from './chunk.ts'
import type { Queue } from './queue.ts'
import type { Removals } from './removals.ts'
import type { Row } from './row.ts'
import type { Rows } from './rows.ts'

/** What is read at once, in bytes on the disk. */
const READ_BYTES = 1024 * 1024

/** Brings rows of a disk queue into the memory queue in front of it, in their order, as far as there is room. */
export class ReadAhead {
  readonly #front: Queue
  readonly #rows: Rows
  readonly #removals: Removals
  readonly #file: () => DiskQueueFile | undefined
  #lastInFront = 0
  #behind = true
  #reading = false
  #waitsForIdle = false

  constructor(front: Queue, rows: Rows, removals: Removals, file: () => DiskQueueFile | undefined) {
    this.#front = front
    this.#rows = rows
    this.#removals = removals
    this.#file = file
  }

  /** True while there may be rows on the disk that are not in front. */
  get isBehind(): boolean {
    return this.#behind
  }

  /** Begins anew: a file that was opened again has some of its rows in front already, and gives other numbers to those to come. */
  begin(): void {
    this.#lastInFront = 0
    this.#behind = true
  }

  /** Takes a row that came to the disk a moment ago, and that is still in memory, unless it has to wait for others or for room. */
  offer(id: number, row: Row, chunk: Chunk): void {
    if (this.#behind || this.#front.bytes >= this.#front.limits.maxBytes) this.#behind = true
    else this.#admit(id, row, chunk)
  }

  /** Reads on, if there is room. Never rejects. */
  async read(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    for (let file = this.#file(); this.#behind && file !== undefined && this.#hasRoom; file = this.#file()) {
      const rows = await file.read(this.#lastInFront, READ_BYTES).catch(() => undefined)
      // The file ended: whoever opens it anew reads on.
      if (rows === undefined) break
      for (const row of rows) this.#toFront(row)
      if (rows.length === 0) this.#behind = false
    }
    this.#reading = false
    if (this.#behind && !this.#hasRoom) this.#waitForIdle()
  }

  get #hasRoom(): boolean {
    return this.#front.bytes < this.#front.limits.maxBytes / 2
  }

  // When a row has its fate, it is read on; but what is in front may be none of the rows: it came there before there was a disk.
  #waitForIdle(): void {
    if (this.#waitsForIdle) return
    this.#waitsForIdle = true
    void this.#front.idle().then(() => {
      this.#waitsForIdle = false
      return this.read()
    })
  }

  #toFront({ id, input, batch, bytes, arrivedMs }: StoredBatch): void {
    let row = this.#rows.get(id)
    if (row === undefined) {
      // Its fate is known and its removal on its way; or it came to the disk although the file ended before it said so.
      if (this.#rows.isOwn(id)) {
        this.#lastInFront = id
        if (!this.#removals.has(id)) this.#removals.add(id)
        return
      }
      this.#front.ledger.of(input).recovered += batch.length
      row = this.#rows.add(id, input, { bytes, records: batch.length })
    }
    const heapBytes = bytes * 2 + batch.length * (batch.signal === 'metric' ? 32 : 200)
    this.#admit(id, row, { input, arrivedMs, batch, owners: [row], ends: [batch.length], bytes: heapBytes })
  }

  #admit(id: number, row: Row, chunk: Chunk): void {
    this.#lastInFront = id
    if (row.inFront) return
    row.inFront = true
    this.#front.admit(chunk, true)
  }
}
