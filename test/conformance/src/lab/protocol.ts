import type { Finding, Hook } from '../finding.ts'
import type { Isolation } from '../isolation.ts'

/** What was thrown where nobody catches it. */
export interface Stray {
  /** The check that ran then, as a person reads of it; what began it may be an earlier one. */
  readonly during: string
  readonly message: string
}

/** What the process that runs checks is told. */
export interface Order {
  readonly check: string
  readonly isolation: Isolation
  /** Of all checks before, in whatever process they ran. */
  readonly strays: readonly Stray[]
}

/** What it needs to know before the first order. */
export interface Setting {
  readonly folder: string
  readonly seed: number
  readonly author: string | undefined
  readonly core: boolean
  /** Where checks may have their folders. */
  readonly scratch: string
  /** Why it does not open, where that was seen already. */
  readonly closed: Closed
}

/** Why a plugin does not open, in either isolation. */
export type Closed = { [I in Isolation]?: Extract<Verdict, { status: 'not-run' | 'not-tried' }> }

/** How one check ended. */
export type Verdict =
  | { readonly status: 'passed'; readonly notes: readonly string[] }
  | { readonly status: 'failed'; readonly finding: Finding }
  /** It does not apply: what it is about is not there. */
  | { readonly status: 'not-run'; readonly reason: string }
  /** It applies, or may, but nothing was tried: for want of what the hook would give, where one is named. */
  | { readonly status: 'not-tried'; readonly reason: string; readonly hook?: Hook }
  /** Its author does not want it to be run, and says why. */
  | { readonly status: 'skipped'; readonly reason: string }

/** What the process says while it waits for what may take longer than a step. */
export interface Wait {
  readonly check: string
  readonly isolation: Isolation
  /** Its upper bound; 0 once no such wait is under way. */
  readonly waitsMs: number
}

/** What the process says of it. */
export interface Note {
  readonly check: string
  readonly isolation: Isolation
  readonly verdict: Verdict
  readonly closed: Closed | undefined
  /** `full` where the author starts a peer; left out where nobody knows. */
  readonly profile?: 'core' | 'full'
  /** Whether it could not even begin. */
  readonly broken: boolean
  /** What was thrown that would have ended the process. */
  readonly strays: readonly string[]
}
