import { Row } from './row.ts'

interface Amount {
  readonly bytes: number
  readonly records: number
}

/** The rows of a disk queue's file that have no fate yet, as far as they are known, and all that the file holds. */
export class Rows {
  readonly #rows = new Map<number, Row>()
  readonly #held = { bytes: 0, records: 0 }
  /** The first row of this process: those before it were found. */
  #firstOwnId = Infinity
  readonly #done: (id: number) => void

  /** `done` is told of a row when all its records have their fate; it is no more then. */
  constructor(done: (id: number) => void) {
    this.#done = done
  }

  /** What is on the disk and on its way there, known or not. */
  get held(): Amount {
    return this.#held
  }

  /** How many are known. */
  get size(): number {
    return this.#rows.size
  }

  /** Whether nothing was stored in this process yet. */
  get isUntouched(): boolean {
    return this.#firstOwnId === Infinity
  }

  get(id: number): Row | undefined {
    return this.#rows.get(id)
  }

  /** Whether a row is this process's own; else an earlier one left it. */
  isOwn(id: number): boolean {
    return id >= this.#firstOwnId
  }

  /** Takes note of what an earlier process left. */
  found({ bytes, records }: Amount): void {
    this.#held.bytes = bytes
    this.#held.records = records
  }

  /** One is on its way to the disk. */
  sent(id: number, { bytes, records }: Amount): void {
    this.#firstOwnId = Math.min(this.#firstOwnId, id)
    this.#held.bytes += bytes
    this.#held.records += records
  }

  /** What was held is not, without having been known: it did not get there, or is damaged. */
  release({ bytes, records }: Amount): void {
    this.#held.bytes -= bytes
    this.#held.records -= records
  }

  /** One is on the disk. */
  add(id: number, input: string, { bytes, records }: Amount): Row {
    const row = new Row(input, records, () => {
      this.#rows.delete(id)
      this.release({ bytes, records })
      this.#done(id)
    })
    this.#rows.set(id, row)
    return row
  }

  /** Records without a fate by input. */
  *left(): Generator<readonly [input: string, records: number]> {
    for (const { input, left } of this.#rows.values()) yield [input, left]
  }
}
