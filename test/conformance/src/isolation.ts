import type { Kind } from '@smart-gateway/sdk'
import type { Check } from './check.ts'

/** Where a plugin runs, as `isolation` of startup.yaml has it: in the gateway's thread, or in one of its own. */
export type Isolation = 'inline' | 'worker'

/** One run of a check. */
export interface Trial {
  readonly check: Check
  readonly isolation: Isolation
}

/** The kinds that may have a thread of their own. */
const KINDS: ReadonlySet<Kind> = new Set(['input', 'output'])
/** What they are for is tried in both; the rest is the same code in either. */
const FAMILIES: ReadonlySet<string> = new Set(['input', 'source', 'output', 'errors', 'swap'])
const STOP = 'lifecycle.stop-twice'
/** It judges what all others have seen, wherever they ran. */
const STRAYS = 'lifecycle.no-strays'
/** What cannot be seen from outside of a thread, or does not depend on where it is. */
const INLINE: ReadonlySet<string> = new Set([
  'input.has-example',
  // A message and a state cross as copies.
  'input.message-unchanged',
  'input.records-kept',
  'swap.export-copy',
  // How long it waits is the same there.
  'output.patience',
  // It has a thread of its own.
  'input.growth',
  // What comes late does not cross at all.
  'input.synchronous',
  'input.secrets-hidden',
  'errors.open',
  // What an error was made of stays in its thread.
  'errors.cause',
  'errors.secrets-hidden',
])

/** Every run of these checks; each check that runs in both does so one after the other. */
export function trialsOf(checks: readonly Check[], kind: Kind, wanted: Isolation | 'both'): readonly Trial[] {
  return checks
    .filter(({ kinds }) => kinds.includes(kind))
    .flatMap((check) => [
      { check, isolation: 'inline' as const },
      ...(KINDS.has(kind) && isThreaded(check) ? [{ check, isolation: 'worker' as const }] : []),
    ])
    .filter(({ check, isolation }) => [isolation, 'both'].includes(wanted) || check.id === STRAYS)
}

/** Whether a check is also tried with the plugin in a thread of its own. */
export function isThreaded({ id }: Check): boolean {
  const [family] = id.split('.') as [string]
  return id === STOP || (FAMILIES.has(family) && !INLINE.has(id))
}
