import { Filter } from '../registry/filter.ts'
import { Input } from '../registry/input.ts'
import { Output } from '../registry/output.ts'
import type { Entry } from '../registry/registry.ts'

/** What an instance has done since the start, as far as its code is to praise or to blame for it. */
export interface Vitals {
  /** Messages that were decoded, batches that were filtered, or writes. */
  readonly attempts: number
  /** Those that failed. */
  readonly failures: number
  /** How long the writes took. */
  readonly spentMs: number
}

/** What was done within some time. */
export interface Rates {
  readonly attempts: number
  readonly failureShare: number
  readonly meanMs: number
}

export function vitalsOf(entry: Entry): Vitals {
  if (entry instanceof Input) {
    const { received, undecodable } = entry.intake.counts
    return { attempts: received, failures: undecodable, spentMs: 0 }
  }
  if (entry instanceof Output) {
    const { writes, spentMs } = entry.written
    return { attempts: writes, failures: entry.failures, spentMs }
  }
  if (entry instanceof Filter) {
    const { batches, failures } = entry.sieve.counts
    return { attempts: batches, failures, spentMs: 0 }
  }
  return { attempts: 0, failures: 0, spentMs: 0 }
}

export function ratesBetween(before: Vitals, after: Vitals): Rates {
  const attempts = after.attempts - before.attempts
  const share = (amount: number): number => (attempts === 0 ? 0 : amount / attempts)
  return {
    attempts,
    failureShare: share(after.failures - before.failures),
    meanMs: share(after.spentMs - before.spentMs),
  }
}

/** So few attempts say nothing yet. */
const TELLING_ATTEMPTS = 20
/** What is worse than this much more than before is trouble: a share, a factor, milliseconds. */
const WORSE = { failureShare: 0.1, failureFactor: 3, slowFactor: 5, slowMs: 100 } as const

/** Why a new generation is clearly worse than the one before; undefined while it is not. */
export function troubleIn(before: Rates, after: Rates): string | undefined {
  if (after.attempts < TELLING_ATTEMPTS) return undefined
  const allowed = Math.max(WORSE.failureShare, before.failureShare * WORSE.failureFactor)
  if (after.failureShare > allowed)
    return `${percent(after.failureShare)} of ${after.attempts} attempts failed, ${percent(before.failureShare)} before`
  const allowedMs = Math.max(WORSE.slowMs, before.meanMs * WORSE.slowFactor)
  if (after.meanMs > allowedMs)
    return `a write takes ${Math.round(after.meanMs)} ms, ${Math.round(before.meanMs)} ms before`
  return undefined
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
