import { retryable } from '@smart-gateway/sdk'
import type { Batch, Context, Health, OutputSession, PluginError, WriteResult } from '@smart-gateway/sdk'
import { judge } from './answer.ts'
import type { Verdict } from './answer.ts'
import { createClient } from './client.ts'
import { deliver } from './delivery.ts'
import { jsonBody } from './json-body.ts'
import type { LokiOptions } from './options.ts'
import { preparer } from './prepare.ts'
import { protobufBody } from './protobuf-body.ts'
import type { Push } from './stream.ts'

export async function openSession(context: Context<LokiOptions>): Promise<OutputSession> {
  const { options, metrics, signal } = context
  const left = metrics.counter(
    'loki_metadata_left_out_total',
    'Structured metadata entries that did not fit into the limits of Loki.',
  )
  const prepare = preparer(options, () => left.inc())
  const prepareRehearsal = preparer(options, () => {})
  const bodyOf = options.encoding === 'json' ? jsonBody : protobufBody
  const client = createClient(options, signal)
  let health: Health = { state: 'ready' }
  let writing: Promise<unknown> = Promise.resolve()
  let stopping: Promise<void> | undefined

  const send = async (push: Push): Promise<Verdict> => {
    try {
      return judge(client.url, await client.post(await bodyOf(push)), hasMetadata(push))
    } catch (error) {
      return { kind: 'failed', error: error as Error }
    }
  }

  const write = async (batch: Batch): Promise<WriteResult> => {
    const { pushes, rejected: unwritable } = prepare(batch, Date.now())
    const { rejected, failure } = await deliver(pushes, send)
    health = failure === undefined ? { state: 'ready' } : { state: 'degraded', reason: failure.message }
    if (failure !== undefined && rejected.filter(({ error }) => error === failure).length === batch.length)
      throw failure
    const all = [...unwritable, ...rejected]
    return all.length === 0 ? undefined : { rejected: all }
  }

  // A push of nothing stores nothing, and shows whether Loki is there and lets the gateway in.
  const complaint = complaintIn(await send([]), client.url)
  if (complaint !== undefined) {
    client.close()
    throw complaint
  }

  return {
    address: client.url,
    async write(batch) {
      if (stopping) throw retryable('This output has stopped')
      const written = write(batch)
      writing = written
      return written
    },
    async rehearse(batch) {
      const { pushes, rejected } = prepareRehearsal(batch, Date.now())
      for (const push of pushes) await bodyOf(push)
      return { rejected }
    },
    health: () => health,
    stop: () => (stopping ??= writing.then(client.close, client.close)),
  }
}

/** Loki 3 refuses an empty push with 422; who dislikes it otherwise would dislike every record. */
function complaintIn(greeting: Verdict, url: string): PluginError | undefined {
  if (greeting.kind === 'failed') return greeting.error
  if (greeting.kind === 'stored' || greeting.status === 422) return undefined
  const { status, reason } = greeting
  return retryable(`${url} answered ${status} to an empty push: ${reason}. Is "url" that of Loki itself?`, {
    code: `HTTP_${status}`,
  })
}

function hasMetadata(push: Push): boolean {
  return push.some(({ entries }) => entries.some(({ metadata }) => metadata.length > 0))
}
