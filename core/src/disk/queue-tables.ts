import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { Amount, Damage, Row, SeriesText } from './messages.ts'
import { metricColumns } from './metric-body.ts'

/** A row that can be read, or what is known of one that cannot. */
export type Found =
  | { readonly kind: 'whole'; readonly row: Row }
  | { readonly kind: 'damaged'; readonly rowId: bigint; readonly damage: Damage }

/** The tables of a queue's file. Every row has a checksum over all that it says. */
export class QueueTables {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #insertSeries: StatementSync
  readonly #delete: StatementSync
  readonly #deleteSeries: StatementSync
  readonly #after: StatementSync
  readonly #seriesById: StatementSync
  readonly #oldest: StatementSync
  readonly #freePages: StatementSync
  readonly #allPages: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare('INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#insertSeries = database.prepare('INSERT INTO series VALUES (?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM batches WHERE id = ? RETURNING records, bytes')
    this.#deleteSeries = database.prepare('DELETE FROM series WHERE id = ?')
    this.#after = database.prepare('SELECT * FROM batches WHERE id > ? ORDER BY id')
    // A damaged number may be larger than a double can hold, which would throw.
    this.#after.setReadBigInts(true)
    this.#seriesById = database.prepare('SELECT checksum, text FROM series WHERE id = ?')
    this.#seriesById.setReadBigInts(true)
    this.#oldest = database.prepare('SELECT min(id) AS value FROM batches')
    this.#freePages = database.prepare('SELECT freelist_count AS value FROM pragma_freelist_count')
    this.#allPages = database.prepare('SELECT page_count AS value FROM pragma_page_count')
  }

  /** Runs all of it or, when it throws, nothing; fsynced when it returns. */
  transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      // SQLite ends a transaction by itself after some failures.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  insert(row: Row): void {
    const { id, input, signal, records, bytes, arrivedMs, body } = row
    this.#insert.run(id, input, signal, records, bytes, arrivedMs, checksumOf(row), body)
  }

  insertSeries({ id, text }: SeriesText): void {
    this.#insertSeries.run(id, crc32(`${id} ${text}`), text)
  }

  /** Deletes a batch and returns what it held, undefined when it is not there. */
  delete(id: number): { records: number; bytes: number } | undefined {
    return this.#delete.get(id) as { records: number; bytes: number } | undefined
  }

  deleteSeries(id: number): void {
    this.#deleteSeries.run(id)
  }

  /** Deletes the series up to this id. */
  deleteSeriesUpTo(id: number): void {
    this.#database.prepare('DELETE FROM series WHERE id <= ?').run(id)
  }

  /** The batches after an id in their order, damaged ones included. `knows` says whether a series is to be had. */
  *after(id: number, knows: (seriesId: number) => boolean): Generator<Found> {
    for (const columns of this.#after.iterate(id)) yield examine(columns, knows)
  }

  /** The text of a series, undefined when it is not there or damaged. */
  seriesText(id: number): string | undefined {
    const { checksum, text } = this.#seriesById.get(id) ?? {}
    if (typeof text !== 'string' || Number(checksum) !== crc32(`${id} ${text}`)) return undefined
    return text
  }

  /** Moves a damaged batch to where a person finds it and nobody reads it. */
  setAside(id: bigint | number, reason: string): void {
    this.transaction(() => {
      this.#database
        .prepare('INSERT INTO damaged SELECT ?, ?, * FROM batches WHERE id = ?')
        .run(Date.now(), reason, id)
      this.#database.prepare('DELETE FROM batches WHERE id = ?').run(id)
    })
  }

  /** Sums over all batches. */
  amount(): Amount {
    return this.#database
      .prepare(
        'SELECT count(*) AS batches, ifnull(sum(records), 0) AS records, ifnull(sum(bytes), 0) AS bytes FROM batches',
      )
      .get() as unknown as Amount
  }

  oldestId(): number | undefined {
    return valueOf(this.#oldest)
  }

  lastId(): number {
    return valueOf(this.#database.prepare('SELECT max(id) AS value FROM batches')) ?? 0
  }

  lastSeriesId(): number {
    return valueOf(this.#database.prepare('SELECT max(id) AS value FROM series')) ?? 0
  }

  /** Copies the log into the database, so that the log begins anew. Throws when there is no room for it. */
  checkpoint(): void {
    this.#database.prepare('PRAGMA wal_checkpoint(PASSIVE)').all()
  }

  /** Free pages and all pages. */
  pages(): { free: number; all: number } {
    return {
      free: valueOf(this.#freePages)!,
      all: valueOf(this.#allPages)!,
    }
  }

  /** Gives free pages back to the disk; the file is shorter after the next checkpoint. */
  freePages(count: number): void {
    this.#database.exec(`PRAGMA incremental_vacuum(${count})`)
  }

  close(): void {
    this.#database.close()
  }
}

function valueOf(statement: StatementSync): number | undefined {
  return (statement.get()?.['value'] ?? undefined) as number | undefined
}

function examine(columns: Record<string, SQLOutputValue>, knows: (seriesId: number) => boolean): Found {
  const rowId = columns['id'] as bigint
  const { input, signal, body } = columns
  const [records, bytes, arrivedMs] = [columns['records'], columns['bytes'], columns['arrivedMs']].map(Number)
  const row = { id: Number(rowId), input, signal, records, bytes, arrivedMs, body } as Row
  const reason = flawOf(row, Number(columns['checksum']), knows)
  if (reason === undefined) return { kind: 'whole', row }
  const counted = (value: number | undefined): number => (Number.isSafeInteger(value) ? value! : 0)
  return {
    kind: 'damaged',
    rowId,
    damage: { id: row.id, input: String(input), records: counted(records), bytes: counted(bytes), reason },
  }
}

function flawOf(row: Row, checksum: number, knows: (seriesId: number) => boolean): string | undefined {
  if (!(row.body instanceof Uint8Array) || checksumOf(row) !== checksum) return 'its checksum is wrong'
  if (row.signal !== 'metric' || metricColumns(row.body, row.records)?.ids.every(knows)) return undefined
  return 'a series that it names is missing or damaged'
}

function checksumOf({ id, input, signal, records, bytes, arrivedMs, body }: Row): number {
  return crc32(body, crc32([id, input, signal, records, bytes, arrivedMs].join(' ')))
}
