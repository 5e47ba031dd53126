import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'

/**
 * Room on the disk that is given up when the disk is full. To remove batches SQLite has to write: without this, a queue that
 * has filled its own disk could never be drained.
 */
export class Reserve {
  readonly #path: string
  #held = false

  constructor(path: string) {
    this.#path = path
  }

  /** Takes the room; throws when there is not so much, and then takes none. */
  hold(): void {
    if (this.#held) return
    if (statSync(this.#path, { throwIfNoEntry: false })?.size !== RESERVE_BYTES) {
      try {
        fill(this.#path)
      } catch (error) {
        this.release()
        throw error
      }
    }
    this.#held = true
  }

  release(): void {
    rmSync(this.#path, { force: true })
    this.#held = false
  }
}

/** More than the log can hold before it is copied into the database. */
const RESERVE_BYTES = 4 * 1024 ** 2

// A file with a hole in it would reserve nothing.
function fill(path: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    const zeros = new Uint8Array(RESERVE_BYTES)
    for (let at = 0; at < zeros.length;) at += writeSync(file, zeros, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
