/** What comes first leaves first. What has left is not held any more. */
export class Fifo<T> implements Iterable<T> {
  #items: (T | undefined)[] = []
  /** Where the first one stands; what is before it is empty. */
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  get first(): T | undefined {
    return this.#items[this.#head]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Takes the first one. */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    // Half of it at least is empty: each item is moved once, on average.
    if (this.#head * 2 > this.#items.length) this.#compact()
    return item
  }

  /** Puts another one in the place of the first one. */
  replaceFirst(item: T): void {
    if (this.length > 0) this.#items[this.#head] = item
  }

  /** Puts items before the first one, in their order. */
  unshift(items: readonly T[]): void {
    this.#items = [...items, ...this]
    this.#head = 0
  }

  /** Takes everything. */
  drain(): readonly T[] {
    const items = [...this]
    this.#items = []
    this.#head = 0
    return items
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i]!
  }

  #compact(): void {
    this.#items.splice(0, this.#head)
    this.#head = 0
  }
}
