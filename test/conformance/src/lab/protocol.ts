import type { Finding } from '../finding.ts'
import type { Isolation } from '../isolation.ts'
import type { Closed } from '../subject/subject.ts'

/** What the process that runs checks is told. */
export interface Order {
  readonly check: string
  readonly isolation: Isolation
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

/** How one check ended. */
export type Verdict =
  | { readonly status: 'passed'; readonly notes: readonly string[] }
  | { readonly status: 'failed'; readonly finding: Finding }
  /** It does not apply, or needs what the peer of conformance.js cannot do. */
  | { readonly status: 'not-run'; readonly reason: string }
  /** Its author does not want it to be run, and says why. */
  | { readonly status: 'skipped'; readonly reason: string }

/** What the process says of it. */
export interface Note {
  readonly check: string
  readonly isolation: Isolation
  readonly verdict: Verdict
  readonly closed: Closed
  /** `full` where the author starts a peer. */
  readonly profile: 'core' | 'full'
  /** Whether something was thrown that would have ended the process. */
  readonly stray: boolean
}
