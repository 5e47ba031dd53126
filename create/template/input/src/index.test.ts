import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '@smart-gateway/sdk'
import { testContext, testSink } from '@smart-gateway/sdk/testing'
import plugin from './index.ts'

const session = await plugin.open(testContext({ prefix: 'home_' }))

function messageOf(value: unknown): Message {
  return { body: Buffer.from(JSON.stringify(value)) }
}

test('an element is a sample of a series with the prefix', () => {
  const out = testSink()
  session.decode!(messageOf({ name: 'temperature', labels: { room: 'hall' }, value: 20, timeMs: 5 }), out)
  const [{ series, value, timeMs } = assert.fail()] = out.samples
  assert.deepEqual([series.name, series.labels, value, timeMs], ['home_temperature', { room: 'hall' }, 20, 5])
})

test('a bad element is rejected, those beside it go on', () => {
  const out = testSink()
  session.decode!(
    messageOf([
      { name: 'a', value: 'no' },
      { name: 'b', value: 1 },
    ]),
    out,
  )
  assert.equal(out.rejected.length, 1)
  assert.equal(out.samples.length, 1)
})

test('a body that is no JSON is refused as a whole', () => {
  assert.throws(() => session.decode!({ body: Buffer.from('{') }, testSink()), { retryable: false })
})
