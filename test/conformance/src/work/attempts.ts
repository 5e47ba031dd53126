import { setTimeout as delay } from 'node:timers/promises'
import type { Signal } from '@smart-gateway/sdk'
import type { Peer } from '../author.ts'
import { ensure, notTried } from '../finding.ts'
import type { Generation } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import { markedBatch } from './batches.ts'

/** How long after a write it is looked whether the store is asked once more. */
const AGAIN_MS = 100

/**
 * Writes a single record to a store that is disturbed: it has to be asked once. Of several, parts may be tried to find a bad one.
 * Resolves with the record's token.
 */
export async function ensureAskedOnce(
  { random }: Subject,
  peer: Peer,
  { session }: Generation,
  signal: Signal,
  store: { readonly that: string; readonly hint: string },
): Promise<readonly string[]> {
  if (peer.attempts === undefined)
    notTried('the peer of conformance.js cannot say how often it was asked (attempts)', 'attempts')
  const before = await peer.attempts()
  // How it ends is for other checks.
  const { batch, tokens } = markedBatch(signal, 1, random)
  await ending(() => session.write!(batch as never))
  await delay(AGAIN_MS)
  const count = (await peer.attempts()) - before
  ensure(count <= 1, {
    did: `wrote 1 record (${signal}) to a store that ${store.that}`,
    saw: `the store was asked ${count} times to take it`,
    hint: store.hint,
  })
  return tokens
}
