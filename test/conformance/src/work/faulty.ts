import type { Faults, Peer } from '../author.ts'
import { notTried } from '../finding.ts'
import type { Generation } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'

/** What a store that asks for a wait asks for. */
export const RETRY_AFTER_MS = 2000

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

/** The first one, and the others as long as there is time: with a store that is disturbed each may take its own. */
export function* inTime<T>(items: Iterable<T>, ms = 3000): Generator<T> {
  const endMs = performance.now() + ms
  let isFirst = true
  for (const item of items) {
    if (!isFirst && performance.now() > endMs) return
    isFirst = false
    yield item
  }
}
