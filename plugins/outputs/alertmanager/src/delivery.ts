import { permanent } from '@smart-gateway/sdk'
import type { EventRecord, Rejection } from '@smart-gateway/sdk'
import { alertsOf } from './alerts.ts'
import type { Alert } from './alerts.ts'
import type { Raised } from './raised.ts'
import type { Verdict } from './verdict.ts'

/** Posts the alerts of some events; returns the events that were refused. Rejects when none of them counts as posted. */
export async function deliver(
  events: readonly EventRecord[],
  post: (alerts: readonly Alert[]) => Promise<Verdict>,
  raised: Raised,
  generatorURL?: string,
): Promise<readonly Rejection[]> {
  const rejected: Rejection[] = []
  const pending: Pending[] = []
  for (const [index, event] of events.entries()) {
    try {
      pending.push({ index, alerts: alertsOf(event, raised, generatorURL) })
    } catch (cause) {
      // A label that is nested a hundred thousand deep can be parsed, but may not fit the stack on its way out.
      const reason = `This event cannot be written as an alert: ${(cause as Error).message}`
      rejected.push({ index, error: permanent(reason, { cause }) })
    }
  }
  try {
    if (pending.length > 0) await postAll(pending, post, rejected)
    raised.commit()
  } finally {
    raised.discard()
  }
  return rejected
}

interface Pending {
  readonly index: number
  readonly alerts: readonly Alert[]
}

/**
 * Alertmanager says that one of the alerts is bad, not which: halves are posted until it stands alone. What it took already
 * may come twice, it is the same alert.
 */
async function postAll(
  pending: readonly Pending[],
  post: (alerts: readonly Alert[]) => Promise<Verdict>,
  rejected: Rejection[],
): Promise<void> {
  const verdict = await post(pending.flatMap(({ alerts }) => alerts))
  if (verdict.kind === 'failed') throw verdict.error
  if (verdict.kind === 'accepted') return
  if (pending.length === 1) {
    rejected.push({ index: pending[0]!.index, error: verdict.error })
    return
  }
  const middle = Math.ceil(pending.length / 2)
  await postAll(pending.slice(0, middle), post, rejected)
  await postAll(pending.slice(middle), post, rejected)
}
