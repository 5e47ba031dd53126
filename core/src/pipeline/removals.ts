import type { DiskQueueFile } from '../disk/disk-queue.ts'

/** The rows that a disk queue's file is to forget, until it is known that it did. */
export class Removals {
  #due: number[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #asked = new Set<number>()
  readonly #file: () => DiskQueueFile | undefined

  constructor(file: () => DiskQueueFile | undefined) {
    this.#file = file
  }

  /** Whether a row is to be forgotten. */
  has(id: number): boolean {
    return this.#asked.has(id) || this.#due.includes(id)
  }

  /** Forgets a row soon: with the next one that is stored, so that one fsync serves both, or else in a moment. */
  add(id: number): void {
    if (this.#due.push(id) === 1) this.#timer = setTimeout(() => this.ask(), WAIT_MS)
  }

  /** Asks the file to forget what is due. */
  ask(): void {
    clearTimeout(this.#timer)
    const ids = this.#due
    if (ids.length === 0) return
    const file = this.#file()
    this.#due = []
    for (const id of ids) this.#asked.add(id)
    void file?.remove(ids).then(() =>
      // It also answers when the file has ended, which is known a moment later: then they may be there still.
      setImmediate(() => {
        if (this.#file() === file) for (const id of ids) this.#asked.delete(id)
      }),
    )
  }

  /** Asks a file that was opened anew, before anything else is: it may give their numbers to other rows. */
  async askAgain(file: DiskQueueFile): Promise<void> {
    await file.remove([...this.#asked])
    this.#asked.clear()
  }
}

/** What was written within this time before a kill is written again. */
const WAIT_MS = 20
