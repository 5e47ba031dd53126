import type { OutputSession, PluginError, Rejection } from '@smart-gateway/sdk'
import { asError } from '../errors.ts'
import type { Part } from './chunk.ts'
import { batchOfParts } from './parts.ts'

/** What a session made of one write. */
export type Outcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'partly'; readonly rejected: readonly Rejection[] }
  | { readonly kind: 'failed'; readonly error: PluginError }

/** Writes parts once, as one batch. Never rejects: what a session throws is its outcome. */
export async function attempt(session: OutputSession, parts: readonly Part[]): Promise<Outcome> {
  const batch = batchOfParts(parts)
  try {
    const rejected = (await session.write(batch))?.rejected ?? []
    if (rejected.length === 0) return { kind: 'accepted' }
    const astray = rejected.find(
      ({ index }) => !(Number.isInteger(index) && index >= 0 && index < batch.length),
    )
    if (astray !== undefined)
      throw new Error(
        `write rejected record ${astray.index} of a batch of ${batch.length}: which one it means is not known`,
      )
    return {
      kind: 'partly',
      rejected: rejected.map(({ index, error }) => ({ index, error: asError(error) })),
    }
  } catch (error) {
    return { kind: 'failed', error: asError(error) }
  }
}
