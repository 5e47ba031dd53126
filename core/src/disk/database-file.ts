import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FaultError } from './faults.ts'

/**
 * Opens a queue's file, or makes it, and holds its lock: until it is closed, or this process ends however it ends, nobody else
 * can open it. Throws on a file that is not whole, is no queue, or has another format, and leaves it as it is.
 */
export function openDatabase(path: string): DatabaseSync {
  makeFile(path)
  const database = new DatabaseSync(path)
  try {
    // Before the first access, which settles it for ever.
    if (statSync(path).size === 0) database.exec('PRAGMA auto_vacuum = INCREMENTAL')
    takeLock(database)
    const isNew = holdsNothing(database)
    if (!isNew) checkFormat(database, path)
    for (const setting of SETTINGS) database.exec(`PRAGMA ${setting}`)
    if (isNew) database.exec(SCHEMA)
    else checkStructure(database, path)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

const FORMAT = 1

const SETTINGS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  // SQLite's own checkpoints do not say that they failed.
  'wal_autocheckpoint = 0',
  'journal_size_limit = 4194304',
  'cell_size_check = ON',
]

// The small columns come before the bodies, which lie on pages of their own: sums and removals read no body.
const SCHEMA = `
  BEGIN;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE batches (id INTEGER PRIMARY KEY, input, signal, records, bytes, arrivedMs, checksum, body);
  CREATE TABLE series (id INTEGER PRIMARY KEY, checksum, text);
  CREATE TABLE damaged (foundMs, reason, id, input, signal, records, bytes, arrivedMs, checksum, body);
  INSERT INTO meta VALUES ('format', ${FORMAT});
  COMMIT;
`

// SQLite gives the log the mode of its database. The file is never opened here again while SQLite has it: closing a second
// descriptor would drop the lock.
function makeFile(path: string): void {
  const made = mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    chmodSync(path, 0o600)
  }
  if (made !== undefined) syncFolder(dirname(made))
}

// SQLite makes the file's own entry in its folder durable, not the folder's entry in the one above.
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

// Set before the first access: the log's index then lives in this process, and the lock is held until the end.
function takeLock(database: DatabaseSync): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
}

function holdsNothing(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
}

function checkFormat(database: DatabaseSync, path: string): void {
  const { value } = hasMeta(database)
    ? (database.prepare("SELECT value FROM meta WHERE key = 'format'").get() ?? {})
    : {}
  if (value === FORMAT) return
  const found =
    typeof value === 'number' && value > FORMAT
      ? `was written by a newer gateway: it has format ${value}, this gateway knows ${FORMAT}`
      : `has no format that this gateway knows, which is ${FORMAT}`
  throw new FaultError({ code: 'SG_QUEUE_FORMAT', message: `the disk queue ${path} ${found}` })
}

function hasMeta(database: DatabaseSync): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'").get() !== undefined
  )
}

// A damaged list of free pages would let new batches overwrite old ones.
function checkStructure(database: DatabaseSync, path: string): void {
  const [first] = database.prepare('PRAGMA quick_check(1)').all()
  const reason = String(first?.['quick_check'])
  if (reason === 'ok') return
  throw new FaultError({ code: 'SG_QUEUE_DAMAGED', message: `the disk queue ${path} is damaged`, reason })
}
