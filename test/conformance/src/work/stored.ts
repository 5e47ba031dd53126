import type { Peer } from '../author.ts'
import { notTried } from '../finding.ts'
import type { Subject } from '../subject/subject.ts'

/** How often the store holds each token, by what its peer says now. */
export async function storedCounts(
  peer: Peer,
  address: string | undefined,
  tokens: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (peer.received === undefined)
    notTried('the peer of conformance.js cannot say what it has received', 'received')
  const texts = await peer.received(address)
  return new Map(tokens.map((token) => [token, texts.filter((text) => text.includes(token)).length]))
}

/** The tokens that the store has not. */
export async function missing(
  peer: Peer,
  address: string | undefined,
  tokens: readonly string[],
): Promise<readonly string[]> {
  const counts = await storedCounts(peer, address, tokens)
  return tokens.filter((token) => counts.get(token) === 0)
}

/** The signals that are worth writing to the peer. */
export function worthWriting({ definition }: Subject, peer: Peer) {
  if (definition.kind !== 'output') return []
  const { signals, signalsOnRequest = [] } = definition
  const given = signals.filter((signal) => !signalsOnRequest.includes(signal))
  return peer.signals ?? (given.length > 0 ? given : signals)
}
