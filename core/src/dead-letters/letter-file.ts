import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StatementSync } from 'node:sqlite'
import { GatewayError } from '../errors.ts'
import type { Letter, LetterInfo, Selection } from './letter.ts'
import type { Row } from './row.ts'
import { DatabaseSync } from './sqlite.ts'
import type { Database } from './sqlite.ts'

/** How much the store holds and which letters go beyond that. */
export interface LetterLimits {
  readonly maxBytes: number
  readonly whenFull: 'dropOldest' | 'dropNewest'
}

/** What is in the store, and how many letters the bound has kept out or pushed out since it was opened. */
export interface Totals {
  readonly letters: number
  readonly bytes: number
  readonly discarded: number
}

/** One page of a list, newest first: the letters before `after`. */
export interface Page {
  readonly limit: number
  readonly after?: number | undefined
  readonly instance?: string | undefined
  readonly kind?: Letter['kind'] | undefined
}

const VERSION = 1
/** Marks the file as a dead letter store: "SGDL". */
const APPLICATION = 0x5347444c
/** A gateway that ends just now, or a command, holds the file for a moment. */
const BUSY_MS = 1000

// The body stands last: what is before it is read without it.
const SCHEMA = `
  CREATE TABLE letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    instance TEXT NOT NULL,
    generation INTEGER NOT NULL,
    timeMs INTEGER NOT NULL,
    reason TEXT NOT NULL,
    size INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL,
    replays INTEGER NOT NULL DEFAULT 0,
    input TEXT,
    signal TEXT,
    contentType TEXT,
    address TEXT,
    headers TEXT,
    body BLOB NOT NULL
  ) STRICT;
  CREATE INDEX letterOfInstance ON letter (instance, id);
  PRAGMA application_id = ${APPLICATION};
  PRAGMA user_version = ${VERSION};`
const INFO =
  'id, kind, instance, generation, timeMs, reason, length(body) AS bytes, scrubbed, replays, input, signal, contentType, address'

/** The dead letters in their SQLite file, which one process has for itself. Everything here blocks: it belongs on a thread of its own. */
export class LetterFile {
  readonly #database: Database
  readonly #limits: LetterLimits
  readonly #insert: StatementSync
  readonly #dieAgain: StatementSync
  readonly #dropOldest: StatementSync
  #totals: Totals

  /** Opens or makes the file, mode 0600. Throws a GatewayError that says what is wrong with it. */
  constructor(file: string, limits: LetterLimits) {
    this.#limits = limits
    this.#database = openDatabase(file)
    this.#insert = this.#database.prepare(
      `INSERT INTO letter (kind, instance, generation, timeMs, reason, size, scrubbed, input, signal, contentType, address, headers, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#dieAgain = this.#database.prepare(
      'UPDATE letter SET reason = ?, timeMs = ?, generation = ?, replays = replays + 1 WHERE id = ? AND kind = ?',
    )
    this.#dropOldest = this.#database.prepare(
      'DELETE FROM letter WHERE id = (SELECT min(id) FROM letter) RETURNING size',
    )
    const { letters, bytes } = this.#database
      .prepare('SELECT count(*) AS letters, coalesce(sum(size), 0) AS bytes FROM letter')
      .get() as unknown as Totals
    this.#totals = { letters, bytes, discarded: 0 }
  }

  get totals(): Totals {
    return this.#totals
  }

  /** Does all of an action or, when it throws, nothing of it. On the disk when it returns. */
  together<T>(action: () => T): T {
    const before = this.#totals
    this.#database.exec('BEGIN')
    try {
      const result = action()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#totals = before
      // A full disk has rolled it back already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  /** Keeps a letter, or its new reason where it died before; when the bound does not let it, says so. */
  add(row: Row): 'kept' | 'keptBefore' | 'full' | 'tooLarge' {
    const { kind, instance, generation, timeMs, reason, size, scrubbed, letter } = row
    if (letter !== undefined && this.#dieAgain.run(reason, timeMs, generation, letter, kind).changes > 0)
      return 'keptBefore'
    const { maxBytes, whenFull } = this.#limits
    if (size > maxBytes) return this.#discard('tooLarge')
    if (whenFull === 'dropNewest' && this.#totals.bytes + size > maxBytes) return this.#discard('full')
    while (this.#totals.bytes + size > maxBytes) {
      const oldest = this.#dropOldest.get() as { size: number }
      this.#count(-1, -oldest.size)
      this.#discard('full')
    }
    const { input = null, signal = null, contentType = null, address = null, headers = null, body } = row
    this.#insert.run(
      kind,
      instance,
      generation,
      timeMs,
      reason,
      size,
      scrubbed ? 1 : 0,
      input,
      signal,
      contentType,
      address,
      headers,
      body,
    )
    this.#count(1, size)
    return 'kept'
  }

  /** Letters without their content, newest first. */
  list({ limit, after = Number.MAX_SAFE_INTEGER, instance, kind }: Page): readonly LetterInfo[] {
    const { where, values } = condition({ all: true, instance, kind })
    return this.#database
      .prepare(`SELECT ${INFO} FROM letter WHERE ${where} AND id < ? ORDER BY id DESC LIMIT ?`)
      .all(...values, after, limit)
      .map((found) => infoOf(found))
  }

  /** One letter; its body comes as the bytes that it is. */
  get(
    id: number,
  ): (LetterInfo & { readonly headers: string | undefined; readonly body: Uint8Array }) | undefined {
    const found = this.#database.prepare(`SELECT ${INFO}, headers, body FROM letter WHERE id = ?`).get(id)
    if (found === undefined) return undefined
    return {
      ...infoOf(found),
      headers: (found['headers'] as string | null) ?? undefined,
      body: found['body'] as Uint8Array,
    }
  }

  /** The ids of the letters that are meant, oldest first. */
  ids(selection: Selection): readonly number[] {
    const { where, values } = condition(selection)
    return this.#database
      .prepare(`SELECT id FROM letter WHERE ${where} ORDER BY id`)
      .all(...values)
      .map(({ id }) => id as number)
  }

  /** Lets go of letters and says how many. */
  drop(selection: Selection): number {
    const { where, values } = condition(selection)
    return this.#delete(where, values)
  }

  /** Lets go of a letter that was delivered; when it has died again meanwhile it stays, and its reason is returned. */
  delivered(id: number, replays: number): string | undefined {
    if (this.#delete('id = ? AND replays = ?', [id, replays]) > 0) return undefined
    return this.#database.prepare('SELECT reason FROM letter WHERE id = ?').get(id)?.['reason'] as
      | string
      | undefined
  }

  /** Notes that a letter's replay failed, unless it has been noted when it died again. */
  refused(id: number, replays: number, reason: string, timeMs: number): void {
    this.#database
      .prepare('UPDATE letter SET reason = ?, timeMs = ?, replays = replays + 1 WHERE id = ? AND replays = ?')
      .run(reason, timeMs, id, replays)
  }

  close(): void {
    this.#database.close()
  }

  #delete(where: string, values: readonly (string | number)[]): number {
    const gone = this.#database.prepare(`DELETE FROM letter WHERE ${where} RETURNING size`).all(...values)
    let bytes = 0
    for (const { size } of gone) bytes += size as number
    this.#count(-gone.length, -bytes)
    return gone.length
  }

  #count(letters: number, bytes: number): void {
    const { letters: lettersBefore, bytes: bytesBefore, discarded } = this.#totals
    this.#totals = { letters: lettersBefore + letters, bytes: bytesBefore + bytes, discarded }
  }

  #discard<T>(why: T): T {
    this.#totals = { ...this.#totals, discarded: this.#totals.discarded + 1 }
    return why
  }
}

function condition(selection: Selection): { where: string; values: (string | number)[] } {
  if ('ids' in selection)
    return { where: 'id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(selection.ids)] }
  const given = Object.entries({ instance: selection.instance, kind: selection.kind }).filter(
    (one): one is [string, string] => one[1] !== undefined,
  )
  return {
    where: ['TRUE', ...given.map(([column]) => `${column} = ?`)].join(' AND '),
    values: given.map(([, value]) => value),
  }
}

function infoOf(found: Record<string, unknown>): LetterInfo {
  const { headers: _, body: __, ...columns } = found
  const info = Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, value ?? undefined]))
  return { ...(info as unknown as LetterInfo), scrubbed: found['scrubbed'] === 1 }
}

function openDatabase(file: string): Database {
  let database: Database | undefined
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
    database = new DatabaseSync(file, { timeout: BUSY_MS })
    // Held until it is closed: two gateways cannot have the same store, and no shared memory lies beside it.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    // An older file is not written to: it can be opened, read and emptied on a disk that is full.
    if (isNew(database, file)) database.exec(SCHEMA)
    database.exec('COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    return database
  } catch (error) {
    database?.close()
    if (error instanceof GatewayError) throw error
    throw cannotOpen(`${file} ${flawOf(error as SqliteError)}`, error)
  }
}

/** Whether there is nothing in it yet; throws when it holds what cannot be used. */
function isNew(database: Database, file: string): boolean {
  const one = (sql: string): unknown => Object.values(database.prepare(sql).get() ?? {})[0]
  const version = one('PRAGMA user_version') as number
  if (one('SELECT count(*) FROM sqlite_schema') === 0) return true
  if (one('PRAGMA application_id') !== APPLICATION) throw cannotOpen(`${file} is another program's database`)
  if (version > VERSION)
    throw cannotOpen(`${file} was written by a newer gateway (format ${version}, this one knows ${VERSION})`)
  const flaw = one('PRAGMA quick_check(1)')
  if (flaw !== 'ok') throw cannotOpen(`${file} is damaged (${String(flaw).replaceAll(/\s+/g, ' ')})`)
  return false
}

type SqliteError = Error & { readonly errcode?: number; readonly code?: string }

function flawOf({ errcode = 0, code, message }: SqliteError): string {
  // Extended codes of SQLite hold the plain one in their lowest byte.
  switch (errcode & 0xff) {
    case 5:
    case 6:
      return 'is in use by another process; does a gateway run with the same state folder?'
    case 11:
    case 26:
      return `is damaged (${message})`
    default:
      return `cannot be used (${code === undefined || code === 'ERR_SQLITE_ERROR' ? message : code})`
  }
}

function cannotOpen(message: string, cause?: unknown): GatewayError {
  return new GatewayError('SG_DEAD_LETTERS_FAILED', `the dead letter store cannot be opened: ${message}`, {
    cause,
    retryable: false,
  })
}
