import { retryable } from '@smart-gateway/sdk'
import type { Context, Health, OutputSession, Rejection } from '@smart-gateway/sdk'
import { isJsonObject } from '@smart-gateway/sdk/json'
import { bulkWriter } from './bulk.ts'
import { lineWriter } from './lines.ts'
import { refusal } from './failure.ts'
import type { ElasticsearchOptions } from './options.ts'
import { connectStore } from './store.ts'
import type { Store } from './store.ts'
import { readTarget } from './target.ts'
import { installTemplates } from './template.ts'

/** Opens an output: the store must be there, let the gateway in and take the templates. */
export async function openSession(
  context: Context<ElasticsearchOptions>,
): Promise<OutputSession<'event' | 'log'>> {
  const { options, log, signal } = context
  const target = await readTarget(context)
  const store = connectStore(target, options, signal)
  try {
    log.info({ version: await versionOf(store) }, `Elasticsearch answers at ${target.label}`)
    if (options.template) await installTemplates(store, options.dataStream)
  } catch (error) {
    await store.close()
    throw error
  }

  const writeBulk = bulkWriter(store, {
    dataStreams: options.dataStream,
    maxRequestBytes: options.maxRequestBytes,
  })
  const rehearsed = lineWriter(options.dataStream)
  let health: Health = { state: 'ready' }
  let writing: Promise<unknown> = Promise.resolve()
  let stopping: Promise<void> | undefined

  const write = async (batch: Parameters<typeof writeBulk>[0]): Promise<readonly Rejection[]> => {
    try {
      const rejected = await writeBulk(batch)
      const passing = rejected.find(({ error }) => error.retryable !== false)
      health =
        passing === undefined ? { state: 'ready' } : { state: 'degraded', reason: passing.error.message }
      return rejected
    } catch (error) {
      health = { state: 'degraded', reason: (error as Error).message }
      throw error
    }
  }

  return {
    address: target.label,
    async write(batch) {
      if (stopping !== undefined) throw retryable('This output has stopped')
      const outcome = write(batch)
      writing = outcome
      return { rejected: await outcome }
    },
    rehearse: (batch) => ({ rejected: rehearsed(batch).rejected }),
    health: () => health,
    stop: () => (stopping ??= writing.catch(() => undefined).then(() => store.close())),
  }
}

/** Asks the store who it is. A key that may only write may not know: that is no reason not to begin. */
async function versionOf(store: Store): Promise<string> {
  const answer = await store.greet()
  if (answer.status === 403) return 'unknown'
  if (answer.status !== 200) throw refusal(answer)
  const version = isJsonObject(answer.body) ? answer.body['version'] : undefined
  return isJsonObject(version) ? String(version['number']) : 'unknown'
}
