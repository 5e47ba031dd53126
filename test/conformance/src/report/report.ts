import type { Kind } from '@smart-gateway/sdk'
import type { Level } from '../check.ts'
import type { ClauseNumber } from '../clauses.ts'
import type { Hook } from '../finding.ts'
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
  /** `full` with a peer, else `core`. What was not tried even so, `notTried` says. */
  readonly profile: 'core' | 'full'
  /** Gives the same run again with `--seed`. */
  readonly seed: number
  readonly ms: number
  readonly outcomes: readonly Outcome[]
  readonly counts: Counts
  /** The checks that apply, or may, and were not tried. */
  readonly notTried: NotTriedChecks
  /** No MUST failed that was tried. */
  readonly conforms: boolean
}

/** How many checks ended how; one that ended differently in the two isolations counts for each. Figures, which nobody judges, are none of them. */
export interface Counts {
  readonly passed: number
  readonly mustFailed: number
  readonly shouldFailed: number
  readonly mustNotTried: number
  readonly shouldNotTried: number
  readonly doNotApply: number
  /** By their author, in `skip`. */
  readonly skipped: number
}

export interface NotTriedChecks {
  readonly must: readonly string[]
  readonly should: readonly string[]
  /** What would have to be given for them, each once. */
  readonly hooks: readonly Hook[]
}

export function countsOf(outcomes: readonly Outcome[]): Counts {
  const count = (status: Verdict['status'], ...levels: readonly Level[]): number =>
    idsOf(outcomes, ({ level, result }) => result.status === status && levels.includes(level)).length
  return {
    passed: count('passed', 'must', 'should'),
    mustFailed: count('failed', 'must'),
    shouldFailed: count('failed', 'should'),
    mustNotTried: count('not-tried', 'must'),
    shouldNotTried: count('not-tried', 'should'),
    doNotApply: count('not-run', 'must', 'should'),
    skipped: count('skipped', 'must', 'should'),
  }
}

export function notTriedOf(outcomes: readonly Outcome[]): NotTriedChecks {
  const untried = outcomes.filter(({ result }) => result.status === 'not-tried')
  const ids = (wanted: Level): readonly string[] => idsOf(untried, ({ level }) => level === wanted)
  const hooks = untried.flatMap(({ level, result }) =>
    level !== 'report' && result.status === 'not-tried' && result.hook !== undefined ? [result.hook] : [],
  )
  return { must: ids('must'), should: ids('should'), hooks: [...new Set(hooks)] }
}

/** The ids of checks of which some outcome is wanted, each once. */
function idsOf(outcomes: readonly Outcome[], isWanted: (outcome: Outcome) => boolean): readonly string[] {
  return [...new Set(outcomes.filter(isWanted).map(({ id }) => id))]
}

/** The profile as people read it: full is one in which every MUST was tried, or it says which were not. */
export function profileOf({ profile, counts: { mustNotTried }, notTried: { hooks } }: Report): string {
  if (mustNotTried === 0) return `${profile} profile`
  const wanting = hooks.length === 0 ? '' : `: ${hooks.join(', ')}`
  return `${profile} profile, ${mustNotTried} MUST not tried${wanting}`
}

/** Why a check says nothing, or undefined where it does. */
export function silenceOf(result: Verdict): string | undefined {
  if (result.status === 'not-run') return `does not apply: ${result.reason}`
  if (result.status === 'not-tried') return `not tried: ${result.reason}`
  if (result.status === 'skipped') return `skipped by its author: ${result.reason}`
  return undefined
}

/** A check as a person reads of it: with where it ran, where that is not the gateway's own thread. */
export function nameOf({ id, isolation }: { readonly id: string; readonly isolation: Isolation }): string {
  return isolation === 'inline' ? id : `${id} (${isolation})`
}
