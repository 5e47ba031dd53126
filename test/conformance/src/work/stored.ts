import type { Peer } from '../author.ts'
import { notTried } from '../finding.ts'
import type { Subject } from '../subject/subject.ts'

/** How often the store holds each token, by what its peer says now. */
export async function storedCounts(
  peer: Peer,
  address: string | undefined,
  tokens: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const texts = await textsOf(peer, address)
  return new Map(tokens.map((token) => [token, texts.filter((text) => text.includes(token)).length]))
}

/** The tokens that the store has not. */
export async function missing(
  peer: Peer,
  address: string | undefined,
  tokens: readonly string[],
): Promise<readonly string[]> {
  const texts = await textsOf(peer, address)
  // Thousands of tokens in thousands of texts: most are found as words.
  const found = new Set(texts.flatMap((text) => text.match(TOKENS) ?? []))
  return tokens.filter((token) => !found.has(token) && !texts.some((text) => text.includes(token)))
}

/** The tokens in the order in which the store has them; those that it has not are left out. */
export async function orderOf(
  peer: Peer,
  address: string | undefined,
  tokens: readonly string[],
): Promise<readonly string[]> {
  const wanted = new Set(tokens)
  const texts = await textsOf(peer, address)
  return [...new Set(texts.flatMap((text) => text.match(TOKENS) ?? []))].filter((token) => wanted.has(token))
}

const TOKENS = /t[0-9a-z]+z[0-9a-z]+z/g

async function textsOf(peer: Peer, address: string | undefined): Promise<readonly string[]> {
  if (peer.received === undefined)
    notTried('the peer of conformance.js cannot say what it has received', 'received')
  return await peer.received(address)
}

/** The signals that are worth writing to the peer. */
export function worthWriting({ definition }: Subject, peer: Peer) {
  if (definition.kind !== 'output') return []
  const { signals, signalsOnRequest = [] } = definition
  const given = signals.filter((signal) => !signalsOnRequest.includes(signal))
  return peer.signals ?? (given.length > 0 ? given : signals)
}
