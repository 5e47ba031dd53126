import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { permanent, retryable } from '@smart-gateway/sdk'
import { afterEach, expect, test } from 'vitest'
import type { SubscriptionOptions, TransportOptions } from './options.ts'
import { openTransport, testIntake, until } from './testing/gateway.ts'
import type { Opened } from './testing/gateway.ts'
import { startRouter } from './testing/router.ts'
import type { Router } from './testing/router.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const router: typeof startRouter = async (...args) => {
  const started = await startRouter(...args)
  cleanups.push(() => started.close())
  return started
}

async function open(peer: Pick<Router, 'port'>, options: Partial<TransportOptions> = {}): Promise<Opened> {
  const opened = await openTransport({ url: `amqp://127.0.0.1:${peer.port}`, ...options })
  cleanups.push(() => opened.session.stop?.())
  return opened
}

async function receive(
  peer: Router,
  address: string | string[],
  intake = testIntake(),
  more: Partial<SubscriptionOptions> = {},
) {
  const opened = await open(peer)
  const subscription = await opened.subscribe(address, intake, more)
  await subscription.start()
  return { ...opened, intake, subscription }
}

test('messages come from the address and are accepted when they are settled, not before', async () => {
  const peer = await router(['metering.sample'])
  const { intake, subscription } = await receive(peer, 'metering.sample', testIntake(false))
  peer.publish('metering.sample', 'a', Buffer.from('b'))
  await until(() => intake.messages.length === 2, 'the messages')
  expect(intake.messages.map(({ body, address }) => [body.toString(), address])).toEqual([
    ['a', 'metering.sample'],
    ['b', 'metering.sample'],
  ])
  expect(peer.outcomes).toEqual([])
  intake.settleAll()
  await until(() => peer.outcomes.length === 2, 'the outcomes')
  expect(peer.outcomes).toEqual(['accepted', 'accepted'])
  expect(subscription.address).toBe(`amqp://127.0.0.1:${peer.port}/metering.sample`)
})

test('nothing is taken before the start', async () => {
  const peer = await router(['q'])
  peer.publish('q', 'a')
  const { subscribe } = await open(peer)
  const intake = testIntake()
  const subscription = await subscribe('q', intake)
  expect(peer.senders[0]?.has_credit()).toBe(false)
  await subscription.start()
  await until(() => intake.messages.length === 1, 'the message')
})

test('several addresses feed one input, each on a link with its own prefetch', async () => {
  const peer = await router(['a', 'b'])
  const { intake } = await receive(peer, ['a', 'b'], testIntake(false), { prefetch: 3 })
  peer.publish('a', ...Array.from({ length: 10 }, (_, n) => n))
  peer.publish('b', 'one')
  await until(() => intake.messages.length === 4, 'the messages')
  intake.settleAll()
  await until(() => peer.outcomes.length === 11, 'all outcomes')
})

test('what may be accepted later is released after a while, what never can be is rejected', async () => {
  const peer = await router(['q'])
  const { intake } = await receive(peer, 'q', testIntake(false))
  peer.publish('q', 'later', 'never')
  await until(() => intake.open.length === 2, 'the messages')
  intake.open[0]!.reject(retryable('not now'))
  intake.open[1]!.reject(permanent('no'))
  await until(() => peer.outcomes.length === 2, 'the outcomes')
  expect(peer.outcomes).toEqual(['rejected amqp:decode-error', 'released'])
})

test('the sender is asked for settled messages when the subscription wants them', async () => {
  const peer = await router(['q'])
  const { intake, context } = await receive(peer, 'q', testIntake(), { settle: 'settled' })
  expect(peer.senders[0]?.snd_settle_mode).toBe(1)
  for (const body of ['a', 'b']) Object.assign(peer.senders[0]!.send({ body } as never), { settled: true })
  await until(() => intake.messages.length === 2, 'the messages')
  expect(context.values.get('amqp1_presettled_messages_total')).toBe(2)
})

test('a stopped subscription takes nothing more and gives back what was on its way; settlements still go out', async () => {
  const peer = await router(['q'])
  const { intake, subscription } = await receive(peer, 'q', testIntake(false))
  peer.publish('q', 'a')
  await until(() => intake.open.length === 1, 'the message')
  await subscription.stop()
  await subscription.stop()
  peer.publish('q', 'b')
  intake.settleAll()
  await until(() => peer.outcomes.includes('accepted'), 'the outcome')
  await until(() => peer.senders[0]!.is_closed(), 'the end of the link')
  expect(intake.messages).toHaveLength(1)
  expect(peer.outcomes.filter((outcome) => outcome !== 'released')).toEqual(['accepted'])
})

test('messages that are settled at once keep each their own outcome', async () => {
  const peer = await router(['q'])
  const { intake, subscription } = await receive(peer, 'q', testIntake(false))
  for (const text of ['a', 'b', 'c', 'd']) peer.publish('q', text)
  await until(() => intake.open.length === 4, 'the messages')
  await subscription.stop()
  const [accepted, returned, refused, last] = intake.open
  accepted!.resolve()
  returned!.reject(Object.assign(new Error('away'), { retryable: true }))
  refused!.reject(Object.assign(new Error('no'), { retryable: false }))
  last!.resolve()
  await until(() => peer.outcomes.length === 4, 'the outcomes')
  expect(peer.outcomes).toEqual(['accepted', 'released', 'rejected amqp:decode-error', 'accepted'])
})

test('stopping the session sends the outcomes of what is settled meanwhile', async () => {
  const peer = await router(['q'])
  const { intake, session } = await receive(peer, 'q', testIntake(false))
  peer.publish('q', 'a')
  await until(() => intake.open.length === 1, 'the message')
  const stopped = session.stop?.()
  intake.settleAll()
  await stopped
  await session.stop?.()
  expect(peer.outcomes).toEqual(['accepted'])
})

test('a connection that is lost is reported once, and the session says that it is not connected', async () => {
  const peer = await router(['q'])
  const { context, session, intake } = await receive(peer, 'q')
  peer.cut()
  await until(() => context.failures.length > 0, 'the report')
  expect(context.failures.map(({ message }) => message)).toEqual([
    expect.stringContaining(`Lost the connection to amqp://127.0.0.1:${peer.port}`),
  ])
  expect(session.health?.()).toEqual({
    state: 'degraded',
    reason: `not connected to amqp://127.0.0.1:${peer.port}`,
  })
  expect(intake.failures).toEqual([])
})

test('a link that the peer closes is reported to its subscription, the connection goes on', async () => {
  const peer = await router(['q', 'r'])
  const { context, intake, subscribe } = await receive(peer, 'q')
  peer.senders[0]!.close({ condition: 'amqp:resource-deleted', description: 'gone' })
  await until(() => intake.failures.length > 0, 'the report')
  expect(intake.failures[0]?.message).toBe(
    `Lost "q" at amqp://127.0.0.1:${peer.port}: amqp:resource-deleted: gone.`,
  )
  await subscribe('r', testIntake())
  expect(context.failures).toEqual([])
})

test('an address that the peer refuses is an error that says so, and nothing is left behind', async () => {
  const peer = await router(['q'])
  const { subscribe } = await open(peer)
  await expect(subscribe(['q', 'nowhere'], testIntake())).rejects.toThrow(
    `Cannot receive from "nowhere" at amqp://127.0.0.1:${peer.port}: amqp:not-found: no queue 'nowhere'. Create it first, or correct "address".`,
  )
  await until(() => peer.senders[0]!.is_closed(), 'the other link to be closed')
})

test('the user and the password are sent byte for byte; a wrong one is refused and not shown', async () => {
  const peer = await router(['q'], { users: { jürgen: 'pässwört/1' } })
  await open(peer, { username: 'jürgen', password: 'pässwört/1' })
  await open({ port: peer.port }, { url: `amqp://j%C3%BCrgen:p%C3%A4ssw%C3%B6rt%2F1@127.0.0.1:${peer.port}` })
  const refused = open(peer, { username: 'jürgen', password: 'secret' })
  await expect(refused).rejects.toThrow('Check the user and the password.')
  await expect(refused).rejects.not.toThrow('secret')
})

test('a port where nobody listens, one that is silent and one of AMQP 0-9-1 are told apart', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    if (answers) socket.end('AMQP\0\0\u0009\u0001')
  }).listen(0, '127.0.0.1')
  let answers = false
  await until(() => server.listening, 'the server')
  const { port } = server.address() as AddressInfo
  await expect(open({ port }, { connectTimeoutMs: 100 })).rejects.toThrow('no answer within 100 ms')
  answers = true
  await expect(open({ port })).rejects.toThrow('Does the peer speak AMQP 1.0')
  server.close()
  await until(() => !server.listening, 'the server to be closed')
  await expect(open({ port })).rejects.toThrow('ECONNREFUSED')
})

test('an abort ends a connection attempt at once', async () => {
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  cleanups.push(() => server.close())
  await until(() => server.listening, 'the server')
  const { default: amqp1 } = await import('./index.ts')
  const { testContext } = await import('@smart-gateway/sdk/testing')
  const context = testContext<TransportOptions>({
    url: `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    maxMessageBytes: 4_194_304,
    heartbeatMs: 10_000,
    connectTimeoutMs: 10_000,
  })
  const opening = Promise.resolve(amqp1.open(context))
  setTimeout(() => context.abort(), 20)
  await expect(opening).rejects.toThrow('abort')
})

test('exactly one of url and listen is wanted', async () => {
  await expect(openTransport({})).rejects.toThrow('Give either "url"')
  await expect(
    openTransport({ url: 'amqp://127.0.0.1', listen: { host: '127.0.0.1', port: 0 } }),
  ).rejects.toMatchObject({ retryable: false })
})

test('a url that cannot be read is refused without being shown', async () => {
  for (const url of ['amqp://u:p%ZZ@host', 'amqp://u:geheim@ho st']) {
    const refused = openTransport({ url })
    await expect(refused).rejects.toThrow('percent-encode')
    await expect(refused).rejects.not.toThrow('geheim')
  }
})
