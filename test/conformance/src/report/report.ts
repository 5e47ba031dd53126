import type { Kind } from '@smart-gateway/sdk'
import type { Level } from '../check.ts'
import type { Finding } from '../finding.ts'

/** How one check ended, with what it asks. */
export interface Outcome {
  readonly id: string
  readonly level: Level
  readonly clause: string
  readonly ms: number
  readonly result:
    | { readonly status: 'passed'; readonly notes: readonly string[] }
    | { readonly status: 'failed'; readonly finding: Finding }
    /** It does not apply, or needs what the peer of conformance.js cannot do. */
    | { readonly status: 'not-run'; readonly reason: string }
    /** Its author does not want it to be run, and says why. */
    | { readonly status: 'skipped'; readonly reason: string }
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

export function count(report: Report, status: Outcome['result']['status'], level?: Level): number {
  return report.outcomes.filter((one) => one.result.status === status && (level ?? one.level) === one.level)
    .length
}
