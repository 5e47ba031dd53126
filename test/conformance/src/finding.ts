import type { Author, Faults, Peer } from './author.ts'

/** What a failed check shows beside its clause. */
export interface Finding {
  /** What was done to the plugin. */
  readonly did: string
  /** What it did. */
  readonly saw: string
  /** Where its author may look. */
  readonly hint: string
}

/** Thrown by a check that the plugin fails. */
export class Failure extends Error {
  readonly finding: Finding

  constructor(finding: Finding) {
    super(`${finding.did}: ${finding.saw}`)
    this.finding = finding
  }
}

/** Thrown by a check that does not apply to the plugin: what it is about is not there. */
export class NotRun extends Error {}

/** Thrown by a check that applies, or may, but could not be tried. */
export class NotTried extends Error {
  readonly hook: Hook | undefined

  constructor(reason: string, hook: Hook | undefined) {
    super(reason)
    this.hook = hook
  }
}

/** What would have to be given, in conformance.js or (`example`) in the definition, for a check to be tried. */
export type Hook = keyof Author | keyof Peer | `faults.${keyof Faults}` | 'example'

export function fail(finding: Finding): never {
  throw new Failure(finding)
}

/** Fails unless the condition holds. */
export function ensure(condition: boolean, finding: Finding): asserts condition {
  if (!condition) fail(finding)
}

/** Says that a check does not apply. */
export function notRun(reason: string): never {
  throw new NotRun(reason)
}

/** Says that a check could not be tried, for want of a hook where one is named. */
export function notTried(reason: string, hook?: Hook): never {
  throw new NotTried(reason, hook)
}
