import type { DiskQueueFile } from '../disk/disk-queue.ts'

/** The rows that a disk queue's file is to forget, until it is known that it did. */
export class Removals {
  #due: number[] = []
  readonly #asked = new Set<number>()
  readonly #file: () => DiskQueueFile | undefined

  constructor(file: () => DiskQueueFile | undefined) {
    this.#file = file
  }

  /** Whether a row is to be forgotten. */
  has(id: number): boolean {
    return this.#asked.has(id) || this.#due.includes(id)
  }

  /** Forgets a row, with all others of this turn. */
  add(id: number): void {
    if (this.#due.push(id) === 1) setImmediate(() => this.ask())
  }

  /** Asks the file to forget what is due. */
  ask(): void {
    const ids = this.#due
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
