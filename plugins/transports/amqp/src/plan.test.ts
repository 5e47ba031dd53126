import { expect, test } from 'vitest'
import type { SubscriptionOptions } from './options.ts'
import { planOf } from './plan.ts'

const QUEUE_FLAGS = {
  durable: true,
  autoDelete: false,
  exclusive: false,
  arguments: { 'x-queue-type': 'quorum' },
}
const EXCHANGE_FLAGS = { type: 'topic', durable: false, autoDelete: false, arguments: {} }

function plan(options: Partial<SubscriptionOptions>): ReturnType<typeof planOf> {
  return planOf({ prefetch: 1000, links: 1, ...options })
}

test("a queue is only looked up, for its flags are its maker's", () => {
  expect(plan({ queue: 'q' })).toEqual({ queue: { name: 'q' }, bindingKeys: [] })
})

test('a queue with all its flags is made', () => {
  expect(plan({ queue: 'q', declare: { queue: QUEUE_FLAGS } })).toEqual({
    queue: { name: 'q', flags: QUEUE_FLAGS },
    bindingKeys: [],
  })
})

test('an exchange alone gets a queue of our own, named by the broker and gone with us, for everything', () => {
  expect(plan({ exchange: 'x' })).toEqual({
    exchange: { name: 'x' },
    queue: { name: '', flags: { durable: false, autoDelete: true, exclusive: true, arguments: {} } },
    bindingKeys: ['#'],
  })
})

test('an exchange with a queue binds that queue with the given keys', () => {
  expect(plan({ exchange: 'x', queue: 'q', bindingKeys: ['a.*', 'b'] })).toEqual({
    exchange: { name: 'x' },
    queue: { name: 'q' },
    bindingKeys: ['a.*', 'b'],
  })
})

test('an exchange with all its flags is made', () => {
  expect(plan({ exchange: 'x', queue: 'q', declare: { exchange: EXCHANGE_FLAGS } })).toMatchObject({
    exchange: { name: 'x', flags: EXCHANGE_FLAGS },
    queue: { name: 'q' },
  })
})

test.each<[string, Partial<SubscriptionOptions>, RegExp]>([
  ['neither queue nor exchange', {}, /neither a queue nor an exchange/],
  [
    'flags for an exchange that is not named',
    { queue: 'q', declare: { exchange: EXCHANGE_FLAGS } },
    /no exchange is named/,
  ],
  [
    'several links without a queue to share',
    { exchange: 'x', links: 2 },
    /needs a queue that they can share/,
  ],
  [
    'several links on an exclusive queue',
    { queue: 'q', links: 2, declare: { queue: { ...QUEUE_FLAGS, exclusive: true } } },
    /An exclusive queue has one connection/,
  ],
])('%s is refused for good', (_, options, message) => {
  expect(() => plan(options)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(message), retryable: false }),
  )
})
