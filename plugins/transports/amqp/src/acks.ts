/** One acknowledgement to send; `multiple` covers every delivery up to `tag`. */
export interface Ack {
  readonly tag: number
  readonly multiple: boolean
}

/**
 * Which deliveries of one channel may be acknowledged, and how. Acknowledgements are cumulative up to the oldest delivery that
 * has no fate yet, the hole. A hole that outlives an ack interval with fates known beyond it is set aside; until it has its own
 * fate everything is acknowledged singly.
 *
 * A channel numbers its deliveries 1, 2, 3 …, so a ring over the open window holds the fates: a few nanoseconds per message.
 */
export class Acks {
  /** 1 where a delivery of the window [#base, #next) has its fate. */
  #decided = new Uint8Array(2048)
  /** The oldest delivery in the window. */
  #base = 1
  #next = 1
  #highestDecided = 0
  /** Everything before it was delivered before the last `overdue`. */
  #agedBefore = 1
  /** Settled, not acknowledged yet. */
  #settled: number[] = []
  /** Holes that were set aside: deliveries below the window that have no fate yet. */
  readonly #aside = new Set<number>()
  #undecided = 0

  /** Takes note of a delivery. */
  delivered(tag: number): void {
    if (tag - this.#base >= this.#decided.length) this.#grow()
    this.#next = tag + 1
    this.#undecided++
  }

  /** The delivery is to be acknowledged. */
  settled(tag: number): void {
    this.#decide(tag)
    this.#settled.push(tag)
  }

  /** The delivery was given back or refused at the broker: nothing is to be sent for it. */
  refused(tag: number): void {
    this.#decide(tag)
  }

  /** Deliveries that have no fate yet. */
  get undecided(): number {
    return this.#undecided
  }

  /** True while something waits for `due` or `overdue`. */
  get waiting(): boolean {
    return this.#settled.length > 0 || this.#highestDecided >= this.#base
  }

  /** What may be acknowledged now. What it returns MUST be sent, in that order. */
  due(): Ack[] {
    this.#advance(this.#next)
    return this.#aside.size > 0 ? this.#singly() : this.#cumulatively()
  }

  /** As `due`, to be called once per ack interval: does not wait for holes that are older than that. */
  overdue(): Ack[] {
    const acks = this.due()
    this.#setAgedHolesAside()
    if (this.#aside.size > 0) acks.push(...this.#singly())
    this.#agedBefore = this.#next
    return acks
  }

  /** Whatever is settled, holes or not: nothing follows. */
  last(): Ack[] {
    return [...this.due(), ...this.#singly()]
  }

  #decide(tag: number): void {
    this.#undecided--
    if (tag < this.#base) {
      this.#aside.delete(tag)
      return
    }
    this.#decided[tag & (this.#decided.length - 1)] = 1
    if (tag > this.#highestDecided) this.#highestDecided = tag
  }

  #advance(limit: number): void {
    const mask = this.#decided.length - 1
    while (this.#base < limit && this.#decided[this.#base & mask] === 1) {
      this.#decided[this.#base & mask] = 0
      this.#base++
    }
  }

  #cumulatively(): Ack[] {
    let highest = 0
    const held: number[] = []
    for (const tag of this.#settled) {
      if (tag >= this.#base) held.push(tag)
      else if (tag > highest) highest = tag
    }
    this.#settled = held
    return highest === 0 ? [] : [{ tag: highest, multiple: true }]
  }

  #singly(): Ack[] {
    const acks = this.#settled.map((tag) => ({ tag, multiple: false }))
    this.#settled = []
    return acks
  }

  #setAgedHolesAside(): void {
    const limit = Math.min(this.#agedBefore, this.#highestDecided)
    while (this.#base < limit) {
      this.#aside.add(this.#base++)
      this.#advance(limit)
    }
    this.#advance(this.#next)
  }

  #grow(): void {
    const old = this.#decided
    this.#decided = new Uint8Array(old.length * 2)
    for (let tag = this.#base; tag < this.#next; tag++) {
      this.#decided[tag & (this.#decided.length - 1)] = old[tag & (old.length - 1)]!
    }
  }
}
