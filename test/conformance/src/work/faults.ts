import type { Faults, Peer } from '../author.ts'
import { notTried } from '../finding.ts'
import type { Generation } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'

/** What a store that asks for a wait asks for. */
export const RETRY_AFTER_MS = 2000

/** A way in which a peer can fail as a whole. */
export interface Fault {
  readonly name: 'refuse' | 'busy' | 'down' | 'hang'
  begin(): Promise<void>
  heal(): Promise<void>
}

const NAMES: readonly Fault['name'][] = ['refuse', 'busy', 'down', 'hang']

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

/** A generation that is open, and its peer. */
export async function opened(
  subject: Subject,
): Promise<{ readonly peer: Peer; readonly generation: Generation }> {
  const peer = await subject.peer()
  return { peer, generation: await subject.open() }
}

/** One fault of a peer; ends the check where it has none such. */
export function faultOf<F extends keyof Faults>(peer: Peer, name: F, what: string): NonNullable<Faults[F]> {
  const fault = peer.faults?.[name]
  if (fault === undefined)
    notTried(`the peer of conformance.js cannot ${what} (faults.${name})`, `faults.${name}`)
  return fault.bind(peer.faults) as NonNullable<Faults[F]>
}
