/** What became of the records that one input handed to one output, since the start. What has no fate yet is counted by walking. */
export interface EdgeCounts {
  /** Handed to the output's queue. */
  routed: number
  /** Found in its disk queue at the start. */
  recovered: number
  /** Accepted by its store. */
  delivered: number
  /** Refused by its store for good. */
  rejected: number
  /** Let go of by the queue's policy. */
  dropped: number
  /** Let go of because they were older than the queue's `maxAge`. */
  expired: number
  /** Given back because the source was lost that will send them again. */
  returned: number
}

/** The account of one output: one line for each input that ever fed it. */
export class Ledger {
  readonly #edges = new Map<string, EdgeCounts>()

  /** The line of an input. */
  of(input: string): EdgeCounts {
    const known = this.#edges.get(input)
    if (known !== undefined) return known
    const edge = { routed: 0, recovered: 0, delivered: 0, rejected: 0, dropped: 0, expired: 0, returned: 0 }
    this.#edges.set(input, edge)
    return edge
  }

  get edges(): ReadonlyMap<string, Readonly<EdgeCounts>> {
    return this.#edges
  }

  /** All lines as one. */
  get total(): Readonly<EdgeCounts> {
    const total = { routed: 0, recovered: 0, delivered: 0, rejected: 0, dropped: 0, expired: 0, returned: 0 }
    for (const edge of this.#edges.values())
      for (const fate of Object.keys(total) as (keyof EdgeCounts)[]) total[fate] += edge[fate]
    return total
  }
}

/** Records that are unaccounted for: always 0, or the gateway has a fault. */
export function residual(counts: Readonly<EdgeCounts>, inFlight: number): number {
  const { routed, recovered, delivered, rejected, dropped, expired, returned } = counts
  return routed + recovered - delivered - rejected - dropped - expired - returned - inFlight
}
