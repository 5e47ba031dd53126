import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { Intake, Message } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import plugin from './index.ts'

const context = testContext({ host: '127.0.0.1', port: 8090 })
const session = await plugin.open(context)
const bodies: string[] = []
const intake: Intake = {
  full: false,
  room: async () => undefined,
  fail: assert.fail,
  async deliver({ body }: Message) {
    bodies.push(body.toString())
    if (body.includes('bad')) throw permanent('bad')
    if (body.includes('later')) throw retryable('later')
  },
}
const subscription = await session.subscribe({ path: '/' }, intake, { input: 'test', log: context.log })

async function post(body: string): Promise<number> {
  const request = new Request('http://localhost/', { method: 'POST', body })
  return (await context.handlers.get('/')!(request)).status
}

test('the fate of a message is the answer to its producer', async () => {
  assert.equal(await post('early'), 503)
  await subscription.start()
  assert.deepEqual([await post('good'), await post('bad'), await post('later')], [204, 422, 503])
  await subscription.stop()
  assert.equal(await post('late'), 503)
  assert.deepEqual(bodies, ['good', 'bad', 'later'])
  await session.stop?.()
})
