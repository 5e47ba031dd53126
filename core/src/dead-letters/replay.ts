import { setTimeout as delay } from 'node:timers/promises'
import { reasonOf } from '../errors.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Letter, Selection } from './letter.ts'

/**
 * Delivers a letter's content anew: a message to its input, a record to its output's queue. Resolves when all of it has met its fate,
 * rejects when it was refused. Whoever then dead-letters it again names the letter's id in `add`.
 */
export type Deliver = (letter: Letter) => Promise<void>

/** What became of the letters that were to be replayed. */
export interface ReplaySummary {
  /** Delivered, and gone from the store. */
  readonly replayed: number
  /** Refused again, and still in the store with the new reason. */
  readonly failed: number
  /** The first of those, and why. */
  readonly failures: readonly { readonly id: number; readonly reason: string }[]
  /** Under way, with no fate yet: each leaves the store when it is delivered after all. */
  readonly waiting: readonly number[]
  /** Not begun, because those under way did not get on. */
  readonly left: number
}

const AT_ONCE = 16
const FAILURES_SHOWN = 100
const PATIENCE_MS = 10_000

/** Replays letters: the oldest first, a few at once, and never one twice at a time. A letter goes only when it was delivered. */
export class Replay {
  readonly #letters: DeadLetters
  readonly #deliver: Deliver
  readonly #patienceMs: number
  readonly #underWay = new Set<number>()

  constructor(letters: DeadLetters, deliver: Deliver, patienceMs = PATIENCE_MS) {
    this.#letters = letters
    this.#deliver = deliver
    this.#patienceMs = patienceMs
  }

  /** Ends when each has its fate, or when one has none after 10 s: then no further one is begun. `force` also replays what was scrubbed. */
  async run(selection: Selection, { force = false }: { force?: boolean } = {}): Promise<ReplaySummary> {
    const ids =
      'ids' in selection
        ? [...new Set(selection.ids)].toSorted((a, b) => a - b)
        : await this.#letters.ids(selection)
    const failures: { id: number; reason: string }[] = []
    const waiting: number[] = []
    let replayed = 0
    let failed = 0
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < ids.length && waiting.length === 0) {
        const id = ids[next++]!
        const outcome = await within(this.#patienceMs, this.#replay(id, force))
        if (outcome === 'late') waiting.push(id)
        else if (outcome === 'delivered') replayed++
        else if (++failed <= FAILURES_SHOWN) failures.push({ id, reason: outcome.refused })
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    return { replayed, failed, failures, waiting, left: ids.length - next }
  }

  async #replay(id: number, force: boolean): Promise<Outcome> {
    if (this.#underWay.has(id)) return { refused: 'it is being replayed already' }
    this.#underWay.add(id)
    try {
      const letter = await this.#letters.get(id)
      if (letter === undefined) return { refused: 'there is no such letter' }
      if (letter.scrubbed && !force)
        return {
          refused:
            'a secret was taken out of it, so it is not what was sent; replay it all the same with force',
        }
      return await this.#deliverOne(letter)
    } catch (error) {
      return { refused: reasonOf(error) }
    } finally {
      this.#underWay.delete(id)
    }
  }

  async #deliverOne(letter: Letter): Promise<Outcome> {
    try {
      await this.#deliver(letter)
    } catch (error) {
      await this.#letters.refused(letter, error)
      return { refused: reasonOf(error) }
    }
    const reason = await this.#letters.delivered(letter)
    return reason === undefined ? 'delivered' : { refused: reason }
  }
}

type Outcome = 'delivered' | { readonly refused: string }

async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const over = new AbortController()
  const late = delay(ms, 'late' as const, { signal: over.signal }).catch(() => 'late' as const)
  const first = await Promise.race([promise, late])
  over.abort()
  return first
}
