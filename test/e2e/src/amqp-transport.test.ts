import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'amqplib'
import type { ChannelModel, ConfirmChannel } from 'amqplib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import amqp from '@smart-gateway/transport-amqp'
import { permanent, retryable } from '@smart-gateway/sdk'
import type { Intake, Message, TransportSession } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import type { TestContext } from '@smart-gateway/sdk/testing'
import { makeCertificates } from './peers/certificates.ts'
import { amqpWriter, startCollectd } from './peers/collectd.ts'
import { freePort } from './peers/ports.ts'
import { startProxy } from './peers/proxy.ts'
import type { Proxy } from './peers/proxy.ts'
import { startRabbitMq } from './peers/rabbitmq.ts'
import type { RabbitMq, TlsFiles } from './peers/rabbitmq.ts'
import { describeWith } from './peers/suite.ts'
import { until } from './peers/until.ts'

type Options = Parameters<typeof amqp.open>[0]['options']
type Session = Awaited<ReturnType<typeof amqp.open>>
type Subscribing = Parameters<Session['subscribe']>[0]

const TRANSIENT = { durable: false, autoDelete: false, exclusive: false, arguments: {} }

describeWith(['rabbitmq', 'openssl'], 'the amqp transport at a real RabbitMQ', () => {
  let broker: RabbitMq
  let folder: string
  let certificates: TlsFiles
  let admin: ChannelModel
  let channel: ConfirmChannel
  let proxy: Proxy
  let number = 0
  let queue: string
  const sessions: TransportSession[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'amqp-transport-'))
    certificates = await makeCertificates(folder, 'broker.example')
    broker = await startRabbitMq({ tls: certificates })
    admin = await connect(broker.url)
  }, 90_000)

  afterAll(async () => {
    await admin?.close().catch(() => undefined)
    await broker?.stop()
    await rm(folder, { recursive: true })
  })

  beforeEach(async () => {
    channel = await admin.createConfirmChannel()
    proxy = await startProxy(broker.port)
    queue = `queue-${++number}`
    await channel.assertQueue(queue, { durable: true })
  })

  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.stop?.()))
    await proxy.stop()
    await channel.close().catch(() => undefined)
  })

  async function open(
    options: Partial<Options> = {},
  ): Promise<{ session: Session; context: TestContext<Options> }> {
    const url = `amqp://127.0.0.1:${proxy.port}`
    const context = testContext<Options>(
      { url, heartbeatMs: 10_000, connectTimeoutMs: 10_000, ...options },
      'bus',
    )
    const session = await amqp.open(context)
    sessions.push(session as TransportSession)
    return { session, context }
  }

  async function subscribe(session: Session, options: Partial<Subscribing> = {}, fate?: Fate) {
    const inbox = new Inbox(fate)
    const { log } = testContext({})
    const full = { prefetch: 1000, links: 1, ...('exchange' in options ? {} : { queue }), ...options }
    const subscription = await session.subscribe(full, inbox, { input: 'collectd', log })
    return { inbox, subscription }
  }

  async function consume(session: Session, options: Partial<Subscribing> = {}, fate?: Fate) {
    const subscribed = await subscribe(session, options, fate)
    await subscribed.subscription.start()
    return subscribed
  }

  async function publish(...bodies: readonly string[]): Promise<void> {
    for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body))
    await channel.waitForConfirms()
  }

  /** What the broker would give to somebody else. */
  async function ready(name = queue): Promise<number> {
    return (await channel.checkQueue(name)).messageCount
  }

  test('consumes durable and transient queues that somebody else declared', async () => {
    await channel.assertQueue(`${queue}-transient`, { durable: false })
    const { session } = await open()
    for (const name of [queue, `${queue}-transient`]) {
      const { inbox } = await consume(session, { queue: name })
      channel.sendToQueue(name, Buffer.from('[1]'), { contentType: 'application/json', appId: 'collectd' })
      const [{ message }] = await inbox.take(1)
      expect(message).toMatchObject({ address: name, contentType: 'application/json', redelivered: false })
      expect(message.body.toString()).toBe('[1]')
      expect(message.headers).toMatchObject({
        exchange: '',
        routingKey: name,
        properties: { appId: 'collectd' },
      })
    }
  })

  test('a queue that is missing is refused with what to do, and the session goes on', async () => {
    const { session, context } = await open()
    await expect(subscribe(session, { queue: 'nowhere' })).rejects.toThrow(
      /^Cannot subscribe at amqp:\/\/127.0.0.1:\d+\/: .*no queue 'nowhere' in vhost '\/'.* Create it first, or give all its flags/,
    )
    const { inbox } = await consume(session)
    await publish('still works')
    await inbox.take(1)
    expect(inbox.failures).toEqual([])
    expect(context.failures).toEqual([])
  })

  test('a queue that is declared with all its flags is made; other flags than it has are refused', async () => {
    const { session } = await open()
    await subscribe(session, { queue: `${queue}-new`, declare: { queue: TRANSIENT } })
    expect(await ready(`${queue}-new`)).toBe(0)
    await expect(subscribe(session, { declare: { queue: TRANSIENT } })).rejects.toThrow(
      /PRECONDITION_FAILED.*other flags/,
    )
  })

  test('an exchange feeds a queue of its own, which goes with it, or a named one', async () => {
    const exchange = `${queue}-exchange`
    await channel.assertExchange(exchange, 'topic', { durable: false, arguments: { auto_delete: true } })
    const { session } = await open()
    const own = await consume(session, { exchange, bindingKeys: ['metering.*', 'event.#'] })
    const named = await consume(session, { exchange, queue })
    for (const key of ['metering.sample', 'event.a.b', 'other'])
      channel.publish(exchange, key, Buffer.from(key))
    await channel.waitForConfirms()

    const taken = await own.inbox.take(2)
    expect(taken.map(({ message }) => message.headers?.['routingKey'])).toEqual([
      'metering.sample',
      'event.a.b',
    ])
    expect(await named.inbox.take(3)).toHaveLength(3)
    expect(own.inbox.messages).toHaveLength(2)
    expect(own.subscription.address).toMatch(new RegExp(`^amqp://127.0.0.1:\\d+/ exchange "${exchange}"$`))
    const ownQueue = taken[0].message.address
    expect(ownQueue).toMatch(/^amq\.gen-/)
    await session.stop?.()
    const probe = await admin.createChannel()
    probe.on('error', () => undefined)
    await expect(probe.checkQueue(ownQueue!)).rejects.toThrow('NOT_FOUND')
  })

  test('no more than the prefetch are under way', async () => {
    const { session } = await open()
    await publish(...numbers(20))
    const { inbox } = await consume(session, { prefetch: 5 })
    const first = await inbox.take(5)
    expect(await ready()).toBe(15)
    for (const { settle } of first.slice(0, 2)) settle()
    await inbox.take(2)
    await until('two more to be taken', async () => (await ready()) === 13)
    expect(inbox.messages).toHaveLength(7)
  })

  test('only what is settled is acknowledged: the rest is redelivered after the session', async () => {
    const { session } = await open()
    await publish(...numbers(10))
    const { inbox } = await consume(session)
    const messages = await inbox.take(10)
    for (const index of [0, 1, 5, 9]) messages[index]!.settle()
    await messages[9]!.settled
    await session.stop?.()
    await session.stop?.()

    await until('six messages to be back', async () => (await ready()) === 6)
    const again = await consume((await open()).session)
    const bodies = (await again.inbox.take(6)).map(({ message }) => [
      message.body.toString(),
      message.redelivered,
    ])
    expect(bodies).toEqual(['2', '3', '4', '6', '7', '8'].map((body) => [body, true]))
  })

  test('a message that does not settle holds up neither the others nor their acknowledgement', async () => {
    const { session } = await open()
    await publish(...numbers(300))
    const allButFirst: Fate = ({ body }) =>
      body.toString() === '0' ? new Promise(() => {}) : Promise.resolve()
    const { inbox } = await consume(session, { prefetch: 10 }, allButFirst)
    await inbox.take(300)
    await session.stop?.()
    await until('that one to be back', async () => (await ready()) === 1)
  })

  test('a small prefetch is not throttled by the acknowledgement interval', async () => {
    const { session } = await open()
    await publish(...numbers(50))
    const began = performance.now()
    const { inbox } = await consume(session, { prefetch: 1 }, () => Promise.resolve())
    await inbox.take(50)
    // One acknowledgement per interval would take 2,500 ms.
    expect(performance.now() - began).toBeLessThan(1500)
  })

  test('a few acknowledgements do not wait for many', async () => {
    const { session } = await open()
    await publish(...numbers(9))
    const { inbox } = await consume(session, { prefetch: 8 })
    const [first] = await inbox.take(8)
    first.settle()
    await inbox.take(1)
  })

  test('a message that is given back returns to the queue, but does not spin', async () => {
    const { session } = await open()
    await publish('busy')
    const { inbox } = await consume(session)
    const began = performance.now()
    const [first] = await inbox.take(1)
    first.refuse(retryable('the store is busy'))
    const [second] = await inbox.take(1)
    expect(performance.now() - began).toBeGreaterThan(900)
    expect(second.message.redelivered).toBe(true)
  })

  test('a message that can never be accepted goes to the dead letter exchange', async () => {
    const dead = `${queue}-dead`
    await channel.assertQueue(dead, { durable: true })
    await channel.assertQueue(`${queue}-live`, { deadLetterExchange: '', deadLetterRoutingKey: dead })
    const { session } = await open()
    const { inbox } = await consume(session, { queue: `${queue}-live` })
    channel.sendToQueue(`${queue}-live`, Buffer.from('poison'))
    const [poison] = await inbox.take(1)
    poison.refuse(permanent('not JSON'))
    await until('the dead letter', async () => (await ready(dead)) === 1)
  })

  test('a subscription that stops delivers nothing more, and what it delivered can still be settled', async () => {
    const { session } = await open()
    await publish('a', 'b', 'c')
    const { inbox, subscription } = await consume(session)
    const [a, b, c] = await inbox.take(3)
    await Promise.all([subscription.stop(), subscription.stop()])
    await publish('after')
    const successor = await consume(session)
    expect((await successor.inbox.take(1))[0].message.body.toString()).toBe('after')
    expect(inbox.messages).toHaveLength(3)

    a!.settle()
    b!.settle()
    c!.refuse(retryable('the decoder was replaced'))
    expect((await successor.inbox.take(1))[0].message.body.toString()).toBe('c')
    // Acknowledged, not merely unacknowledged at a live channel: cut off, only the successor's two come back.
    proxy.cut()
    await until('two messages to be back', async () => (await ready()) === 2)
    expect(inbox.failures).toEqual([])
  })

  test('a deleted queue ends its subscription and no other', async () => {
    const { session, context } = await open()
    const { inbox } = await consume(session)
    const other = `${queue}-other`
    await channel.assertQueue(other)
    const unharmed = await consume(session, { queue: other })
    await channel.deleteQueue(queue)
    await until('the failure', () => inbox.failures.length > 0)
    expect(inbox.failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Lost queue "queue-\d+" at amqp:\/\/\S+: the broker cancelled the consumer/),
    ])
    channel.sendToQueue(other, Buffer.from('x'))
    await unharmed.inbox.take(1)
    expect([...unharmed.inbox.failures, ...context.failures]).toEqual([])

    await channel.assertQueue(queue)
    const anew = await consume(session)
    await publish('y')
    await anew.inbox.take(1)
  })

  test('a lost connection fails the session once, and late fates are no error', async () => {
    const { session, context } = await open()
    await publish('a', 'b')
    const { inbox } = await consume(session)
    const [a, b] = await inbox.take(2)
    proxy.cut()
    await until('the failure', () => context.failures.length > 0)
    a!.settle()
    b!.refuse(permanent('too late'))
    await session.stop?.()
    expect(context.failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Lost the connection to amqp:\/\/127.0.0.1:\d+\/: /),
    ])
    expect(inbox.failures).toEqual([])
    await until('both messages to be back', async () => (await ready()) === 2)
  })

  test('a broker that vanished is noticed by its silence', async () => {
    const { session, context } = await open({ heartbeatMs: 1000 })
    await consume(session)
    proxy.freeze()
    await until('the failure', () => context.failures.length > 0)
    expect(context.failures[0]!.message).toContain('Heartbeat timeout')
  })

  test('a broker that vanished does not keep the session from stopping', async () => {
    const { session, context } = await open()
    await publish('a')
    const { inbox, subscription } = await consume(session)
    const [a] = await inbox.take(1)
    proxy.freeze()
    a.settle()
    const began = performance.now()
    await subscription.stop()
    await session.stop?.()
    expect(performance.now() - began).toBeLessThan(6000)
    expect(context.failures).toEqual([])
  })

  test('several links are as many consumers, each with a connection of its own', async () => {
    const { session } = await open()
    const { inbox, subscription } = await consume(session, { links: 3, prefetch: 10 }, () =>
      Promise.resolve(),
    )
    expect((await channel.checkQueue(queue)).consumerCount).toBe(3)
    await publish(...numbers(600))
    const bodies = (await inbox.take(600)).map(({ message }) => message.body.toString())
    expect(new Set(bodies).size).toBe(600)
    await subscription.stop()
    expect((await channel.checkQueue(queue)).consumerCount).toBe(0)
    await until('every acknowledgement', async () => (await ready()) === 0)
  })

  test('one link that is lost ends the whole subscription, to begin anew', async () => {
    const { session, context } = await open()
    const { inbox } = await consume(session, { links: 2 })
    proxy.cutLast()
    await until('the failure', () => inbox.failures.length > 0)
    await until('both consumers to go', async () => (await channel.checkQueue(queue)).consumerCount === 0)
    expect(inbox.failures).toHaveLength(1)
    expect(context.failures).toEqual([])
  })

  test('speaks TLS to a broker whose authority it was told', async () => {
    const { session } = await open({
      url: `amqps://guest:guest@127.0.0.1:${broker.tlsPort}`,
      tls: { ca: certificates.ca, servername: 'broker.example' },
    })
    await publish('secret')
    const { inbox } = await consume(session)
    await inbox.take(1)
  })

  test.each([
    ['an authority nobody told of', 'amqps', {}, /Name the file of the broker's authority under "tls.ca"\.$/],
    ['another name in the certificate', 'amqps', { ca: true }, /set "tls.servername" to it\.$/],
    ['no TLS where TLS is spoken', 'amqp', {}, /does it want TLS \(amqps:\/\/\)\?$/],
  ])('%s is a reason not to connect', async (_, scheme, { ca = false }: { ca?: boolean }, message) => {
    const url = `${scheme}://127.0.0.1:${broker.tlsPort}`
    await expect(open({ url, ...(ca ? { tls: { ca: certificates.ca } } : {}) })).rejects.toThrow(message)
  })

  test('an unreachable broker is named with the reason and what to do', async () => {
    const port = await freePort()
    await expect(open({ url: `amqp://jane:s3cret@127.0.0.1:${port}` })).rejects.toMatchObject({
      message: `Cannot connect to amqp://127.0.0.1:${port}/: connect ECONNREFUSED 127.0.0.1:${port}. Is the broker running, and is that its port?`,
      code: 'ECONNREFUSED',
      retryable: true,
    })
    await expect(open({ url: `amqp://localhost:${port}` })).rejects.toThrow(
      /ECONNREFUSED.*Is the broker running/,
    )
  })

  test('a wrong password is said, and not shown', async () => {
    const refused = await open({ username: 'guest', password: 's3cret' }).then(
      () => undefined,
      (error: Error) => error,
    )
    expect(refused?.message).toMatch(
      /^Cannot connect to amqp:.*ACCESS_REFUSED.* Check the user and the password\.$/,
    )
    for (let error = refused; error !== undefined; error = error.cause as Error | undefined) {
      expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain('s3cret')
    }
  })

  test('a virtual host that is not there is said', async () => {
    await expect(open({ url: `amqp://127.0.0.1:${broker.port}/nowhere` })).rejects.toThrow(
      /\/nowhere: the broker refused the virtual host\. Does it exist/,
    )
  })

  test('a peer that never answers is given up in time, and at once when the gateway leaves', async () => {
    const silent = createServer((socket) => socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const url = `amqp://127.0.0.1:${(silent.address() as AddressInfo).port}`
    await expect(open({ url, connectTimeoutMs: 300 })).rejects.toThrow(/no answer within 300 ms/)

    const context = testContext<Options>({ url, heartbeatMs: 10_000, connectTimeoutMs: 60_000 })
    const opening = amqp.open(context)
    context.abort()
    await expect(opening).rejects.toThrow(/abort/)
    await new Promise((resolve) => silent.close(resolve))
  })

  test('a gateway that leaves takes the connection along without a failure', async () => {
    const { session, context } = await open()
    await publish('a')
    const { inbox } = await consume(session)
    await inbox.take(1)
    context.abort()
    await until('the message to be back', async () => (await ready()) === 1)
    expect([...context.failures, ...inbox.failures]).toEqual([])
  })

  describeWith(['collectd'], 'fed by collectd', () => {
    test(
      'gateway and collectd declare the exchange alike, whoever comes first',
      { timeout: 90_000 },
      async () => {
        const flags = { type: 'topic', durable: false, autoDelete: false, arguments: { auto_delete: true } }
        const exchange = `${queue}-collectd`
        const first = await consume((await open()).session, { exchange, declare: { exchange: flags } })
        const collectd = await startCollectd({ write: [amqpWriter({ port: broker.port, exchange })] })
        try {
          const [{ message }] = await first.inbox.take(1)
          expect(message.contentType).toBe('application/json')
          expect(JSON.parse(message.body.toString())).toMatchObject([{ host: 'test.example', interval: 1 }])
          expect(message.headers).toMatchObject({ exchange, properties: { appId: 'collectd' } })
          const second = await consume((await open()).session, { exchange, declare: { exchange: flags } })
          await second.inbox.take(1)
        } finally {
          await collectd.stop()
        }
      },
    )
  })

  test(
    'a broker that restarts is a lost connection, and a new session goes on',
    { timeout: 90_000 },
    async () => {
      channel.sendToQueue(queue, Buffer.from('kept'), { persistent: true })
      await channel.waitForConfirms()
      const { session, context } = await open()
      const { inbox } = await consume(session)
      await inbox.take(1)
      admin.on('error', () => undefined)
      await broker.restart()
      expect(context.failures[0]!.message).toMatch(/CONNECTION_FORCED/)
      await session.stop?.()
      const again = await consume((await open()).session)
      expect((await again.inbox.take(1))[0].message).toMatchObject({ redelivered: true })
      admin = await connect(broker.url)
    },
  )
})

type Fate = (message: Message) => Promise<void>

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index))
}

/** A delivery whose fate the test decides. */
interface Delivered {
  readonly message: Message
  settle(): void
  refuse(error: Error): void
  readonly settled: Promise<void>
}

/** The gateway's side of a subscription. */
class Inbox implements Intake {
  readonly messages: Delivered[] = []
  readonly failures: Error[] = []
  readonly full = false
  readonly #fate: Fate | undefined
  #taken = 0

  /** Without a fate the test decides. */
  constructor(fate?: Fate) {
    this.#fate = fate
  }

  deliver(message: Message): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.messages.push({ message, settle: resolve, refuse: reject, settled: promise })
    return this.#fate?.(message) ?? promise
  }

  room(): Promise<void> {
    return Promise.resolve()
  }

  fail(error: Error): void {
    this.failures.push(error)
  }

  /** Waits for that many further messages. */
  async take(count: number): Promise<[Delivered, ...Delivered[]]> {
    const end = this.#taken + count
    await until(`${count} messages`, () => this.messages.length >= end)
    const taken = this.messages.slice(this.#taken, end)
    this.#taken = end
    return taken as [Delivered, ...Delivered[]]
  }
}
