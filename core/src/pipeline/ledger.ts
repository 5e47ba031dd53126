/** What became of the records that one input handed to one output, since the start. What has no fate yet is counted by walking. */
export interface EdgeCounts {
  /** Handed to the output's queue. */
  routed: number
  /** Found in its disk queue at the start. */
  recovered: number
  /** Accepted by its store. */
  delivered: number
  /** Taken away by a filter of the output. */
  filtered: number
  /** Refused by its store for good, or a filter of the output failed on it. */
  rejected: number
  /** Let go of by the queue's policy. */
  dropped: number
  /** Let go of because they were older than the queue's `maxAge`. */
  expired: number
  /** Let go of because a filter of the output was not open, and no source waits for it. */
  unfiltered: number
  /** Given back because the source was lost that will send them again. */
  returned: number
}

/** The account of one output: one line for each input that feeds it, or that has left something with it. */
export class Ledger {
  readonly #edges = new Map<string, EdgeCounts>()
  /** All lines that were closed. */
  readonly #closed = none()

  /** The line of an input. */
  of(input: string): EdgeCounts {
    const known = this.#edges.get(input)
    if (known !== undefined) return known
    const edge = none()
    this.#edges.set(input, edge)
    return edge
  }

  get edges(): ReadonlyMap<string, Readonly<EdgeCounts>> {
    return this.#edges
  }

  /** Closes the line of an input that is no more and of whose records each has its fate. They stay part of the total. */
  close(input: string): void {
    const edge = this.#edges.get(input)
    if (edge === undefined) return
    add(this.#closed, edge)
    this.#edges.delete(input)
  }

  /** All lines as one, the closed ones included. */
  get total(): Readonly<EdgeCounts> {
    const total = { ...this.#closed }
    for (const edge of this.#edges.values()) add(total, edge)
    return total
  }
}

function add(sum: EdgeCounts, edge: Readonly<EdgeCounts>): void {
  for (const fate of Object.keys(sum) as (keyof EdgeCounts)[]) sum[fate] += edge[fate]
}

function none(): EdgeCounts {
  return {
    routed: 0,
    recovered: 0,
    delivered: 0,
    filtered: 0,
    rejected: 0,
    dropped: 0,
    expired: 0,
    unfiltered: 0,
    returned: 0,
  }
}

/** Records that are unaccounted for: always 0, or the gateway has a fault. */
export function residual(counts: Readonly<EdgeCounts>, inFlight: number): number {
  const { routed, recovered, delivered, filtered, rejected, dropped, expired, unfiltered, returned } = counts
  const known = delivered + filtered + rejected + dropped + expired + unfiltered + returned
  return routed + recovered - known - inFlight
}
