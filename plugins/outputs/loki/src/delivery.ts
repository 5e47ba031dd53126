import { permanent, retryable } from '@smart-gateway/sdk'
import type { PluginError, Rejection } from '@smart-gateway/sdk'
import { separateOld } from './age.ts'
import type { Verdict } from './answer.ts'
import { halve } from './push.ts'
import type { Push } from './stream.ts'

export interface Delivery {
  /** The records that Loki has not. */
  readonly rejected: readonly Rejection[]
  /** What ended it early; the records that were left are rejected with it. */
  readonly failure?: PluginError
}

/**
 * Sends pushes one after the other. Of one that is refused the entries that Loki calls too old are taken out; else it is halved until
 * what is bad stands alone. Loki may have stored its neighbours by then: it shows a line that it is given again only once.
 */
export async function deliver(
  pushes: readonly Push[],
  send: (push: Push) => Promise<Verdict>,
): Promise<Delivery> {
  const rejected: Rejection[] = []
  const reject = (push: Push, error: PluginError): void => {
    for (const { entries } of push) for (const { index } of entries) rejected.push({ index, error })
  }
  const todo = pushes.toReversed()
  let divisions = 0
  for (let push = todo.pop(); push !== undefined; push = todo.pop()) {
    const verdict = await send(push)
    if (verdict.kind === 'stored') continue
    if (verdict.kind === 'failed' || divisions > MAX_DIVISIONS) {
      const failure = verdict.kind === 'failed' ? verdict.error : tooManyRefused(verdict.reason)
      for (const left of [push, ...todo.toReversed()]) reject(left, failure)
      return { rejected, failure }
    }
    const { bad, again } = divide(push, verdict.text)
    reject(bad, refusal(verdict.status, verdict.reason))
    todo.push(...again.toReversed())
    divisions += again.length === 0 ? 0 : 1
  }
  return { rejected }
}

/** More than a batch of a thousand records, which is what startup.yaml gives by default, can take. */
const MAX_DIVISIONS = 1000

/** What of a refused push is bad, and what is to be tried apart from that. */
function divide(push: Push, answer: string): { readonly bad: Push; readonly again: readonly Push[] } {
  const aged = separateOld(push, answer)
  if (aged !== undefined) return { bad: aged.old, again: aged.rest.length === 0 ? [] : [aged.rest] }
  const halves = halve(push)
  return halves === undefined ? { bad: push, again: [] } : { bad: [], again: halves }
}

function refusal(status: number, reason: string): PluginError {
  return permanent(`Loki refused it with ${status}: ${reason}`, { code: `HTTP_${status}` })
}

function tooManyRefused(reason: string): PluginError {
  return retryable(
    `Loki refuses more than ${MAX_DIVISIONS} parts of one batch. The rest is sent again. It said: ${reason}`,
  )
}
