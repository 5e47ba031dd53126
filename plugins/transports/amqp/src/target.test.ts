import { testContext } from '@smart-gateway/sdk/testing'
import { expect, test } from 'vitest'
import type { ConnectionOptions } from './options.ts'
import { readTarget } from './target.ts'

function target(options: Partial<ConnectionOptions> & { url: string }): ReturnType<typeof readTarget> {
  return readTarget(testContext({ heartbeatMs: 10_000, connectTimeoutMs: 10_000, ...options }, 'bus'))
}

test('a URL says everything, percent-decoded, and guest is who says nothing', async () => {
  expect(await target({ url: 'amqp://jane:p%40ss@[::1]:5673/my%2Fhost' })).toMatchObject({
    label: 'amqp://[::1]:5673/my%2Fhost',
    connect: {
      protocol: 'amqp',
      hostname: '::1',
      port: 5673,
      username: 'jane',
      password: 'p@ss',
      vhost: 'my%2Fhost',
      heartbeat: 10,
    },
    socket: { noDelay: true, clientProperties: { connection_name: 'smart-gateway bus' } },
  })
  expect(await target({ url: 'amqp://broker' })).toMatchObject({
    label: 'amqp://broker/',
    connect: { username: 'guest', password: 'guest', vhost: '' },
  })
})

test("username and password go before the URL's and are taken as they are", async () => {
  const { connect } = await target({ url: 'amqp://jane:old@broker', username: 'j%40ne', password: 'n@w%' })
  expect(connect).toMatchObject({ username: 'j%40ne', password: 'n@w%' })
})

test.each([
  ['a password that is not percent-encoded', { url: 'amqp://jane:s3cret%zz@broker' }],
  ['something that is no URL', { url: 'amqp://jane:s3cret@bro ker' }],
  ['TLS options for an unencrypted URL', { url: 'amqp://jane:s3cret@broker', tls: { ca: 'ca.pem' } }],
  ['a file that is not there', { url: 'amqps://jane:s3cret@broker', tls: { ca: '/no/such/ca.pem' } }],
])('%s is refused for good, without a word of the password', async (_, options) => {
  const error = await target(options).then(undefined, (reason: unknown) => reason)
  expect(error).toMatchObject({ retryable: false })
  expect(JSON.stringify(everything(error))).not.toContain('s3cret')
})

function everything(error: unknown): unknown {
  const { message, stack, cause, ...rest } = error as Error
  return [message, stack, cause === undefined ? undefined : everything(cause), rest]
}
