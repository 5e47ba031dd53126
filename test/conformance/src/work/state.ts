import { fail } from '../finding.ts'
import type { AnySession } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import { PATIENCE, ending } from '../time.ts'

/** A copy of a state; an Error where there can be none. */
export function cloned(state: unknown): unknown {
  try {
    return structuredClone(state)
  } catch (error) {
    return error as Error
  }
}

/** The state that a session hands over; undefined where it hands none over. */
export async function exported(session: AnySession): Promise<unknown> {
  const end = await ending(async () => session.exportState?.(), PATIENCE.grantMs)
  if (end.how === 'resolved') return end.value
  return fail({
    did: 'called exportState',
    saw:
      end.how === 'pending'
        ? `it is pending after ${PATIENCE.grantMs} ms`
        : `it failed: ${messageOf(end.error)}`,
    hint: 'Give a copy of what there is, whatever goes on meanwhile.',
  })
}
