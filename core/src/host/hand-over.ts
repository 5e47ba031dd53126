import type { Owner } from './routes.ts'

/** One generation that wants what arrives. */
export interface Claim<Item> {
  readonly owner: Owner
  take(item: Item): void
}

/** What arrives while no generation is live yet waits, up to this many; then it is let go. */
const MAX_WAITING = 1000

/** Hands what arrives to the live one of the generations of an instance. */
export class HandOver<Item> {
  readonly #claims = new Set<Claim<Item>>()
  readonly #onError: (error: unknown) => void
  readonly #discard: (item: Item) => void
  readonly #waiting: Item[] = []
  #letGo = 0
  #live: Claim<Item> | undefined

  constructor(onError: (error: unknown) => void, discard: (item: Item) => void) {
    this.#onError = onError
    this.#discard = discard
  }

  /** Whether any generation claims it. */
  get claimed(): boolean {
    return this.#claims.size > 0
  }

  /** Adds a claim, or returns the owner that is in its way: an instance that leaves is not. */
  add(claim: Claim<Item>, leaving: ReadonlySet<string> = new Set()): Owner | undefined {
    for (const { owner } of this.#claims) {
      if (leaving.has(owner.instance)) continue
      if (owner.instance !== claim.owner.instance || owner.generation === claim.owner.generation) return owner
    }
    this.#claims.add(claim)
    return undefined
  }

  activate(claim: Claim<Item>): void {
    if (!this.#claims.has(claim)) return
    this.#live = claim
    this.#tellLetGo()
    for (const item of this.#waiting.splice(0)) this.receive(item)
  }

  deactivate(claim: Claim<Item>): void {
    if (this.#live === claim) this.#live = undefined
  }

  remove(claim: Claim<Item>): void {
    this.#claims.delete(claim)
    this.deactivate(claim)
  }

  receive(item: Item): void {
    if (this.#live === undefined) return this.#wait(item)
    try {
      this.#live.take(item)
    } catch (error) {
      this.#onError(error)
      this.#discard(item)
    }
  }

  /** Lets go of what waits: nobody will want it any more. */
  end(): void {
    this.#letGo += this.#waiting.length
    for (const item of this.#waiting.splice(0)) this.#discard(item)
    this.#tellLetGo()
  }

  #wait(item: Item): void {
    if (this.#waiting.length < MAX_WAITING) return void this.#waiting.push(item)
    this.#letGo++
    this.#discard(item)
  }

  #tellLetGo(): void {
    if (this.#letGo === 0) return
    this.#onError(
      new Error(
        `${this.#letGo} came while no plugin took them, and were let go: ${MAX_WAITING} wait at most`,
      ),
    )
    this.#letGo = 0
  }
}
