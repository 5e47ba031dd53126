import type { Kind } from '@smart-gateway/sdk'
import type { Level } from '../check.ts'
import type { ClauseNumber } from '../clauses.ts'
import type { Isolation } from '../isolation.ts'
import type { Verdict } from '../lab/protocol.ts'

/** A clause of the contract, as SPEC.md of the SDK has it. */
export interface Clause {
  readonly number: ClauseNumber
  readonly sentence: string
}

/** How one check ended, with what it asks. */
export interface Outcome {
  readonly id: string
  readonly level: Level
  /** Where the plugin ran. */
  readonly isolation: Isolation
  readonly clauses: readonly Clause[]
  readonly ms: number
  readonly result: Verdict
}

/** A whole run. */
export interface Report {
  readonly plugin: { readonly name: string; readonly version: string; readonly kind: Kind }
  /** `full` with a peer, else `core`. */
  readonly profile: 'core' | 'full'
  /** Gives the same run again with `--seed`. */
  readonly seed: number
  readonly ms: number
  readonly outcomes: readonly Outcome[]
  /** No MUST failed. */
  readonly conforms: boolean
}

/** A check as a person reads of it: with where it ran, where that is not the gateway's own thread. */
export function nameOf({ id, isolation }: { readonly id: string; readonly isolation: Isolation }): string {
  return isolation === 'inline' ? id : `${id} (${isolation})`
}

export function count(report: Report, status: Outcome['result']['status'], level?: Level): number {
  return report.outcomes.filter((one) => one.result.status === status && (level ?? one.level) === one.level)
    .length
}
