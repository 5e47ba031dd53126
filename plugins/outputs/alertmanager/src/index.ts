import { defineOutput, retryable } from '@smart-gateway/sdk'
import { connectPeers } from './peers.ts'
import { deliver } from './delivery.ts'
import { raisedAlerts } from './raised.ts'
import { options } from './options.ts'
import { readTarget } from './target.ts'

export default defineOutput({
  name: 'alertmanager',
  signals: ['event'],
  options,
  async open(context) {
    const { generatorURL } = context.options
    const target = await readTarget(context)
    const peers = connectPeers(target, context)
    const raised = raisedAlerts()
    let writing: Promise<unknown> = Promise.resolve()
    let stopping: Promise<void> | undefined

    try {
      // An empty post changes nothing, and shows a wrong address, path or password before any alert depends on it.
      const verdict = await peers.post([])
      if (verdict.kind !== 'accepted') throw verdict.error
    } catch (error) {
      peers.close()
      throw error
    }

    return {
      address: target.urls.join(', '),
      async write(batch) {
        if (stopping) throw retryable('This output has stopped')
        const delivery = deliver(batch.records, peers.post, raised, generatorURL)
        writing = delivery
        return { rejected: await delivery }
      },
      rehearse: async ({ records }) => ({
        rejected: await deliver(records, async () => ({ kind: 'accepted' }), raisedAlerts(), generatorURL),
      }),
      health: peers.health,
      exportState: raised.entries,
      restore: raised.restore,
      stop: () => (stopping ??= writing.then(peers.close, peers.close)),
    }
  },
})
