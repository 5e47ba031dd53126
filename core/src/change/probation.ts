import type { Logger } from 'pino'
import type { Entry, Registry } from '../registry/registry.ts'
import type { Change, Former } from './change.ts'
import { ratesBetween, troubleIn, vitalsOf } from './vitals.ts'
import type { Rates, Vitals } from './vitals.ts'

/** What a probation works on. */
export interface ProbationParts {
  readonly registry: Registry
  /** How long a new generation is watched; 0 = not at all. */
  forMs(): number
  readonly log: Logger
  /** Puts back what an instance had before. */
  undo(name: string, former: Former, evidence: string): Change
}

const LOOK_MS = 1000
/** What a new generation is held against is what the old one did in so many looks. */
const LOOKS = 60
/** A session that is lost so often, or one that has not worked for so many looks, is trouble. */
const LOST_SESSIONS = 2
const FAILED_LOOKS = 5

interface Watch {
  readonly change: Change
  readonly entry: Entry
  readonly former: Former
  readonly before: Rates
  readonly start: Vitals
  /** Sessions that the instance had lost by then. */
  readonly losses: number
  readonly endMs: number
  failedLooks: number
}

/**
 * Holds new generations against those that they replaced, for a while after the change is over: one that is clearly worse is replaced by
 * the old one again, as a change of its own. A newer change ends it.
 */
export class Probation {
  readonly #parts: ProbationParts
  readonly #history = new Map<Entry, Vitals[]>()
  #watches: Watch[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(parts: ProbationParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#watches = []
  }

  /** A change begins: what is watched was taken as it is. */
  end(): void {
    this.#watches = []
  }

  /** Watches what a change has replaced. */
  watch(change: Change): void {
    if (this.#timer === undefined || this.#parts.forMs() === 0 || change.trigger === 'probation') return
    for (const { step, result, done } of change.steps) {
      const entry = this.#parts.registry.entries.find(({ spec }) => spec.name === step.name)
      const { former, generation } = done
      if (result !== 'done' || entry === undefined || former === undefined || generation === undefined)
        continue
      const start = vitalsOf(entry)
      this.#watches.push({
        change,
        entry,
        former,
        losses: entry.instance.losses,
        start,
        before: ratesBetween(this.#history.get(entry)?.[0] ?? start, start),
        endMs: Date.now() + this.#parts.forMs(),
        failedLooks: 0,
      })
    }
  }

  #look(): void {
    for (const watch of this.#watches) {
      const evidence = evidenceOf(watch)
      if (evidence !== undefined) this.#undo(watch, evidence)
      else if (Date.now() > watch.endMs) this.#watches = this.#watches.filter((one) => one !== watch)
    }
    for (const entry of this.#history.keys())
      if (!this.#parts.registry.entries.includes(entry)) this.#history.delete(entry)
    for (const entry of this.#parts.registry.entries) {
      const vitals = [...(this.#history.get(entry) ?? []), vitalsOf(entry)]
      this.#history.set(entry, vitals.slice(-LOOKS))
    }
  }

  #undo(watch: Watch, evidence: string): void {
    this.#watches = this.#watches.filter((one) => one !== watch)
    const { name } = watch.entry.spec
    this.#parts.log.error(
      { component: name, change: watch.change.id },
      `${name} is worse than before: ${evidence}; the old one comes back`,
    )
    const undoing = this.#parts.undo(name, watch.former, evidence)
    watch.change.rolledBack = { by: undoing.id, evidence: `${name}: ${evidence}` }
  }
}

function evidenceOf(watch: Watch): string | undefined {
  const { entry, before, start, losses } = watch
  const lost = entry.instance.losses - losses
  if (lost >= LOST_SESSIONS) return `its session was lost ${lost} times`
  watch.failedLooks = entry.instance.live === undefined ? watch.failedLooks + 1 : 0
  if (watch.failedLooks >= FAILED_LOOKS)
    return `it does not work: ${entry.instance.status.reason ?? 'no reason is known'}`
  return troubleIn(before, ratesBetween(start, vitalsOf(entry)))
}
