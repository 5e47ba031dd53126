import type { Kind } from '@smart-gateway/sdk'
import type { ClauseNumber } from './clauses.ts'
import type { Subject } from './subject/subject.ts'

/**
 * `must`: a plugin that fails it breaks the contract. `should`: it works, but serves its users less well.
 * `report`: a figure, which nobody fails.
 */
export type Level = 'must' | 'should' | 'report'

/** One thing that the contract asks of a plugin, and how it is tried. */
export interface Check {
  /** Family and name, for example `output.stores`. Stable: authors name it in `skip`. */
  readonly id: string
  readonly level: Level
  /** The clauses of SPEC.md that it holds a plugin to; those of a figure are none. */
  readonly clauses: readonly ClauseNumber[]
  readonly kinds: readonly Kind[]
  /** Resolves when the plugin does as it should; rejects with a Failure, with a NotRun where it does not apply, or with a NotTried. */
  run(subject: Subject): Promise<void>
}

export const KINDS: readonly Kind[] = ['transport', 'input', 'filter', 'output']
