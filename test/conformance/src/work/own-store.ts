import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import { markedBatch } from './batches.ts'
import { missing, worthWriting } from './stored.ts'

/**
 * Whether what an output writes is there as long as its session and no longer, as `keeps: false` says: there is no store beside it then
 * that could be away, busy or full. It is looked at, not believed.
 */
export async function isItsOwnStore(subject: Subject): Promise<boolean> {
  if (subject.definition.kind !== 'output' || !subject.isFull) return false
  const peer = await subject.peer()
  if (peer.keeps !== false || peer.received === undefined) return false
  const { session, close } = await subject.open({ instance: 'own-store' })
  const { address } = session
  const [signal] = worthWriting(subject, peer)
  const { batch, tokens } = markedBatch(signal!, 1, subject.random)
  await ending(() => session.write!(batch as never))
  const isThere = (await missing(peer, address, tokens)).length === 0
  await close()
  const after = await ending(() => missing(peer, address, tokens))
  return isThere && (after.how === 'rejected' || (after.how === 'resolved' && after.value.length > 0))
}
