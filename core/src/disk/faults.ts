import type { Fault } from './messages.ts'

/** Thrown in the thread when the reason is known exactly. */
export class FaultError extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.message)
    this.fault = fault
  }
}

/** What a failure of SQLite or the file system means for a queue. */
export function faultOf(error: unknown, path: string): Fault {
  if (error instanceof FaultError) return error.fault
  const { code, syscall, errcode, errstr, message } = error as NodeJS.ErrnoException & {
    readonly errcode?: number
    readonly errstr?: string
  }
  const reason = errcode === undefined ? message : `${message} (SQLite ${errcode}: ${errstr})`
  // The low byte of an extended code is the code.
  const primary = errcode === undefined ? undefined : errcode & 0xff
  if (primary === SQLITE_BUSY || primary === SQLITE_LOCKED)
    return { code: 'SG_QUEUE_IN_USE', message: `the disk queue ${path} is in use by another gateway` }
  if (primary === SQLITE_FULL || NO_ROOM.has(code ?? ''))
    return { code: 'SG_QUEUE_NO_ROOM', message: `the disk queue ${path} has no room on its disk`, reason }
  if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB || primary === SQLITE_ERROR)
    return { code: 'SG_QUEUE_DAMAGED', message: `the disk queue ${path} cannot be read`, reason }
  if (primary === undefined && syscall === undefined)
    return { code: 'SG_QUEUE_ENDED', message: `the thread of the disk queue ${path} failed`, reason }
  return { code: 'SG_QUEUE_UNWRITABLE', message: `the disk queue ${path} does not work`, reason }
}

/** Whether the same may work once there is room, or once the disk behaves; SQLite gives a quota's end as an I/O error. */
export function passes({ code }: Fault): boolean {
  return code === 'SG_QUEUE_NO_ROOM' || code === 'SG_QUEUE_UNWRITABLE'
}

const SQLITE_ERROR = 1
const SQLITE_BUSY = 5
const SQLITE_LOCKED = 6
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT'])
