import type { Batch } from '@smart-gateway/sdk'
import { keepRecords } from '@smart-gateway/sdk'
import type { AnySession } from '../subject/generation.ts'
import { copyOf, sliceOf } from './batches.ts'
import { isPermanent } from './verdict.ts'
import { write } from './write.ts'

/** So often in a row what may be taken later is written again. */
const MOST_TRIES = 3

/** Writes a batch as the gateway does: again what is to come again, and each half alone of what was refused as a whole. */
export async function writeAsHost(session: AnySession, batch: Batch, tries = MOST_TRIES): Promise<void> {
  if (batch.length === 0 || tries === 0) return
  const written = await write(session, batch)
  if (written.how === 'pending') return
  if (written.how === 'taken') {
    const again = new Set(
      written.rejected.filter(({ error }) => !isPermanent(error)).map(({ index }) => index),
    )
    return await writeAsHost(
      session,
      keepRecords(batch, (i) => again.has(i)),
      tries - 1,
    )
  }
  if (!isPermanent(written.error)) return await writeAsHost(session, copyOf(batch), tries - 1)
  if (batch.length === 1) return
  const middle = Math.ceil(batch.length / 2)
  await writeAsHost(session, sliceOf(batch, 0, middle), tries)
  await writeAsHost(session, sliceOf(batch, middle, batch.length), tries)
}
