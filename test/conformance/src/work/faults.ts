import type { Peer } from '../author.ts'
import { notTried } from '../finding.ts'

/** A way in which a peer can fail as a whole. */
export interface Fault {
  readonly name: 'refuse' | 'busy' | 'down' | 'hang'
  begin(): Promise<void>
  heal(): Promise<void>
}

const NAMES: readonly Fault['name'][] = ['refuse', 'busy', 'down', 'hang']
const RETRY_AFTER_MS = 1000

/** Those that the peer knows. */
export function faultsOf({ faults }: Peer): readonly Fault[] {
  const known = NAMES.filter((name) => faults?.[name] !== undefined)
  if (faults === undefined || known.length === 0)
    notTried('the peer of conformance.js cannot make a write fail (faults)', 'faults')
  return known.map((name) => ({
    name,
    begin: async () => await faults[name]!(RETRY_AFTER_MS),
    heal: async () => await faults.heal(),
  }))
}
