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

/** Thrown by a check that does not apply to the plugin, or that its peer gives no way to try. */
export class NotRun extends Error {}

export function fail(finding: Finding): never {
  throw new Failure(finding)
}

/** Fails unless the condition holds. */
export function ensure(condition: boolean, finding: Finding): asserts condition {
  if (!condition) fail(finding)
}

export function notRun(reason: string): never {
  throw new NotRun(reason)
}
