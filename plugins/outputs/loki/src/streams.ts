import type { LabelChoice } from './labels.ts'
import { bytesOf } from './stream.ts'
import type { Entry, Pairs, Stream } from './stream.ts'

/** Streams by the values of their labels. */
export class Streams {
  readonly #choice: LabelChoice
  readonly #streams = new Map<string, OpenStream>()

  constructor(choice: LabelChoice) {
    this.#choice = choice
  }

  /** Puts an entry behind those with the same values of the chosen labels. */
  add(values: readonly string[], entry: Entry): void {
    let key = ''
    for (const value of values) key += `${value.length}:${value}`
    const stream = this.#streams.get(key)
    if (stream !== undefined) stream.entries.push(entry)
    else this.#streams.set(key, open(this.#choice.pairsOf(values), entry))
  }

  /** The streams in the order of their first entries. */
  list(): Stream[] {
    return [...this.#streams.values()]
  }
}

interface OpenStream extends Stream {
  readonly entries: Entry[]
}

function open(labels: Pairs, first: Entry): OpenStream {
  return { labels, labelBytes: bytesOf(labels), entries: [first] }
}
