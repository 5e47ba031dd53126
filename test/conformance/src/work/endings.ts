import { fail } from '../finding.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE } from '../time.ts'
import type { Ending } from '../time.ts'

/** Fails unless a stop has resolved. */
export function ensureStopped(end: Ending<unknown>, did: string): void {
  if (end.how === 'resolved') return
  fail({
    did: `stopped it: ${did}`,
    saw:
      end.how === 'pending'
        ? `stop is pending after ${PATIENCE.graceMs} ms, and ${PATIENCE.leaveMs} ms after the signal was aborted`
        : `stop failed: ${messageOf(end.error)}`,
    hint: 'Keep the promise of the first stop and return it again; let the signal end every wait.',
  })
}

/** Fails when something that the plugin made is left in the process, after a while. */
export async function ensureNothingLeft(subject: Subject, did: string, clause: string): Promise<void> {
  const left = await subject.traces.settled()
  if (left.length > 0) fail({ did, saw: `this is left: ${[...new Set(left)].join(', ')}`, hint: clause })
}
