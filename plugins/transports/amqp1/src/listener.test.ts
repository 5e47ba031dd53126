import { readFileSync } from 'node:fs'
import { permanent, retryable } from '@smart-gateway/sdk'
import rhea from 'rhea'
import { afterEach, expect, test, vi } from 'vitest'
import { SETTLING_MS } from './directory.ts'
import { listening, openTransport, testIntake, until } from './testing/gateway.ts'
import type { Opened } from './testing/gateway.ts'
import { connectTo, produce } from './testing/producer.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

const listen: typeof listening = async (...args) => stopLater(await listening(...args))
const send: typeof produce = async (...args) => {
  const producer = await produce(...args)
  cleanups.push(() => producer.connection.close())
  return producer
}

function stopLater<T extends Opened>(opened: T): T {
  cleanups.push(() => opened.session.stop?.())
  return opened
}

/** Passes the time in which an address may still get an input. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(SETTLING_MS + 1)
}
const onlyTimeouts = { toFake: ['setTimeout' as const, 'clearTimeout' as const] }

function captured(name: string): { message: { to: string }; body: string }[] {
  const file = new URL(`../../../../test/fixtures/collectd/${name}`, import.meta.url)
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test("collectd's messages reach the inputs that have their addresses, byte for byte, and are accepted", async () => {
  const telemetry = testIntake()
  const notify = testIntake()
  const { port, subscribe } = await listen('/collectd/telemetry', telemetry)
  await (await subscribe('collectd/notify', notify, { input: 'events' })).start()
  const metrics = captured('amqp1-telemetry.jsonl')
  const events = captured('amqp1-notify.jsonl')

  const { send: sendOne, outcomes } = await send(port, undefined)
  for (const { message, body } of [...metrics, ...events])
    sendOne({ to: message.to, body: Buffer.from(body) })

  await until(() => outcomes.length === metrics.length + events.length, 'the outcomes')
  expect(new Set(outcomes)).toEqual(new Set(['accepted']))
  expect(telemetry.messages.map(({ body }) => body.toString())).toEqual(metrics.map(({ body }) => body))
  expect(notify.messages.map(({ body }) => body.toString())).toEqual(events.map(({ body }) => body))
  expect(telemetry.messages[0]?.address).toBe('/collectd/telemetry')
})

test('a message is accepted when its promise resolves and not before', async () => {
  const intake = testIntake(false)
  const { port } = await listen('metering', intake)
  const { send: sendOne, outcomes } = await send(port, 'metering')
  for (const body of ['a', 'b', 'c']) sendOne({ body })
  await until(() => intake.open.length === 3, 'the messages')
  expect(outcomes).toEqual([])
  intake.open[1]!.resolve()
  await until(() => outcomes.length > 0, 'an outcome')
  expect(outcomes).toEqual(['accepted'])
})

test('a message that can never be accepted is rejected with the reason', async () => {
  const intake = testIntake(false)
  const { port } = await listen('metering', intake)
  const { send: sendOne, outcomes } = await send(port, 'metering')
  sendOne({ body: 'never' })
  await until(() => intake.open.length === 1, 'the message')
  intake.open[0]!.reject(permanent('not JSON'))
  await until(() => outcomes.length === 1, 'the outcome')
  expect(outcomes).toEqual(['rejected amqp:decode-error not JSON'])
})

test('a message that an input gives back is kept and handed in again, also one that was sent settled', async () => {
  const intake = testIntake(false)
  const { port } = await listen('metering', intake)
  const unsettled = await send(port, 'metering')
  const settled = await send(port, 'metering', { link: { snd_settle_mode: 1 } })
  unsettled.send({ body: 'a' })
  settled.send({ body: 'b' })
  await until(() => intake.open.length === 2, 'the messages')
  for (const fate of intake.open.splice(0)) fate.reject(retryable('not now'))
  await until(() => intake.open.length === 2, 'the messages again')
  expect(unsettled.outcomes).toEqual([])
  intake.settleAll()
  await until(() => unsettled.outcomes.length === 1, 'the outcome')
  expect(unsettled.outcomes).toEqual(['accepted'])
})

test('no more than the prefetch is under way on a link, and settling lets the next ones in', async () => {
  const intake = testIntake(false)
  const { port } = await listen('metering', intake, { prefetch: 10 })
  const { send: sendOne, sender, outcomes } = await send(port, 'metering')
  for (let n = 0; n < 100; n++) sendOne({ body: String(n) })
  await until(() => intake.messages.length === 10, 'the first ten')
  expect(sender.sendable()).toBe(false)
  intake.settleAll()
  await until(() => outcomes.length === 100, 'all outcomes')
  expect(intake.messages.map(({ body }) => Number(body.toString()))).toEqual(
    Array.from({ length: 100 }, (_, n) => n),
  )
})

test('pre-settled messages are taken with the same bound, counted, and counted as lost when they cannot be stored', async () => {
  const intake = testIntake(false)
  const { port, context } = await listen('metering', intake, { prefetch: 5 })
  const { send: sendOne } = await send(port, 'metering', { link: { snd_settle_mode: 1 } })
  for (let n = 0; n < 20; n++) sendOne({ body: String(n) })
  await until(() => intake.messages.length === 5, 'the first five')
  intake.open.shift()!.reject(permanent('no'))
  intake.settleAll()
  await until(() => intake.messages.length === 20, 'the rest')
  expect(context.values.get('amqp1_presettled_messages_total')).toBe(20)
  expect(context.values.get('amqp1_lost_messages_total')).toBe(1)
})

test('a link to an address that no input has is refused with the addresses that there are', async () => {
  vi.useFakeTimers(onlyTimeouts)
  const { port } = await listen('collectd/telemetry', testIntake())
  await settle()
  const { refusals } = await send(port, 'colectd/telemetry')
  await until(() => refusals.length > 0, 'the refusal')
  expect(refusals).toEqual([
    'amqp:not-found no input has the address "colectd/telemetry"; there are: collectd/telemetry',
  ])
})

test('a message to an address that no input has is rejected, its link goes on', async () => {
  vi.useFakeTimers(onlyTimeouts)
  const intake = testIntake()
  const { port, context } = await listen('collectd/telemetry', intake)
  await settle()
  const { send: sendOne, outcomes } = await send(port, undefined)
  sendOne({ to: 'collectd/notify', body: 'x' })
  sendOne({ body: 'to nobody' })
  sendOne({ to: 'collectd/telemetry', body: 'y' })
  await until(() => outcomes.length === 3, 'the outcomes')
  expect(outcomes[0]).toContain('rejected amqp:not-found no input has the address "collectd/notify"')
  expect(outcomes[2]).toBe('accepted')
  expect(context.values.get('amqp1_refused_messages_total{reason="address"}')).toBe(2)
})

test('what goes to an address that no input has is told once, and degrades the health for a minute', async () => {
  vi.useFakeTimers({ toFake: [...onlyTimeouts.toFake, 'performance'] })
  const { port, context, session } = await listen('collectd/telemetry', testIntake())
  await settle()
  expect(session.health?.()).toEqual({ state: 'ready' })
  const named = await send(port, 'colectd/telemetry')
  await until(() => named.refusals.length > 0, 'the refusal')
  const unnamed = await send(port, undefined)
  for (let n = 0; n < 3; n++) unnamed.send({ to: 'collectd/notify', body: 'x' })
  await until(() => unnamed.outcomes.length === 3, 'the outcomes')

  const sentence = (address: string) =>
    `sends what is refused: no input has the address "${address}"; there are: collectd/telemetry`
  expect(context.lines.map(([level, line]) => [level, line.replace(/:\d+ /, ' ')])).toEqual([
    ['warn', `127.0.0.1 ${sentence('colectd/telemetry')}`],
    ['warn', `127.0.0.1 ${sentence('collectd/notify')}`],
  ])
  const degraded = { state: 'degraded', reason: `127.0.0.1 ${sentence('collectd/notify')}` }
  await vi.advanceTimersByTimeAsync(59_000)
  expect(session.health?.()).toEqual(degraded)
  await vi.advanceTimersByTimeAsync(2000)
  expect(session.health?.()).toEqual({ state: 'ready' })
})

test('an address whose input has not come yet is waited for, without credit', async () => {
  const { port, subscribe } = stopLater(await openTransport({ listen: { host: '127.0.0.1', port: 0 } }))
  const intake = testIntake()
  const { send: sendOne, sender, outcomes, refusals } = await send(port, 'late')
  sendOne({ body: 'early' })
  const subscription = await subscribe('late', intake)
  expect(sender.has_credit()).toBe(false)
  await subscription.start()
  await until(() => outcomes.length === 1, 'the outcome')
  expect([outcomes, refusals]).toEqual([['accepted'], []])
})

test('what comes while an input is being replaced goes to its successor', async () => {
  const first = testIntake()
  const second = testIntake()
  const { port, subscription, subscribe } = await listen('metering', first)
  await (await subscribe('other', testIntake(), { input: 'other' })).start()
  const named = await send(port, 'metering')
  const anonymous = await send(port, undefined)
  await until(() => named.sender.has_credit() && anonymous.sender.has_credit(), 'credit')
  await subscription.stop()
  anonymous.send({ to: '/metering', body: 'a' })
  anonymous.send({ to: 'other', body: 'not for either' })
  await until(() => !named.sender.has_credit(), 'the credit to be taken back')
  named.send({ body: 'b' })
  await until(() => anonymous.outcomes.length === 1, 'what came after the message that waits')
  await (await subscribe('metering', second)).start()
  await until(() => named.outcomes.length + anonymous.outcomes.length === 3, 'the outcomes')
  expect(first.messages).toEqual([])
  expect(second.messages.map(({ body }) => body.toString()).toSorted()).toEqual(['a', 'b'])
})

test('a subscription that is stopped delivers nothing more, but its messages still get their outcomes', async () => {
  const intake = testIntake(false)
  const { port, subscription } = await listen('metering', intake)
  const { send: sendOne, outcomes, sender } = await send(port, 'metering')
  sendOne({ body: 'a' })
  await until(() => intake.open.length === 1, 'the message')
  await subscription.stop()
  await until(() => !sender.has_credit(), 'the credit to be taken back')
  sendOne({ body: 'b' })
  intake.settleAll()
  await until(() => outcomes.length === 1, 'the outcome')
  expect(intake.messages).toHaveLength(1)
})

test('stopping the transport sends the outcomes of what is settled meanwhile and ends without a close, on which collectd aborts', async () => {
  const intake = testIntake(false)
  const { port, session, subscription } = await listen('metering', intake)
  const { send: sendOne, outcomes, connection } = await send(port, 'metering')
  const ends: string[] = []
  for (const end of ['connection_close', 'disconnected']) connection.on(end, () => ends.push(end))
  sendOne({ body: 'a' })
  await until(() => intake.open.length === 1, 'the message')
  await subscription.stop()
  const stopped = session.stop?.()
  intake.settleAll()
  await stopped
  await until(() => ends.length > 0, 'the end')
  expect(outcomes).toEqual(['accepted'])
  expect(ends).toEqual(['disconnected'])
})

test('stopping does not wait for ever for a message without a fate, and its sender keeps it', async () => {
  const intake = testIntake(false)
  const { port, session } = await listen('metering', intake)
  const { send: sendOne, outcomes } = await send(port, 'metering')
  sendOne({ body: 'a' })
  await until(() => intake.open.length === 1, 'the message')
  const start = performance.now()
  await session.stop?.()
  expect(performance.now() - start).toBeLessThan(4500)
  expect(outcomes).toEqual([])
})

test('two inputs cannot have the same address, with or without a slash; one input may have it twice', async () => {
  const { subscribe } = await listen('/collectd/telemetry', testIntake())
  await expect(subscribe('collectd/telemetry', testIntake(), { input: 'other' })).rejects.toThrow(
    'the address "collectd/telemetry" already belongs to the input collectd: give other another one',
  )
  await subscribe('collectd/telemetry', testIntake())
})

test('an exact address goes before the longest one with a star', async () => {
  const [exact, near, far] = [testIntake(), testIntake(), testIntake()]
  const { port, subscribe } = await listen('a/b/c', exact)
  await (await subscribe(['x', 'a/b/*'], near, { input: 'near' })).start()
  await (await subscribe('*', far, { input: 'far' })).start()
  const { send: sendOne, outcomes } = await send(port, undefined)
  for (const to of ['a/b/c', '/a/b/d', 'x', 'elsewhere']) sendOne({ to, body: to })
  await until(() => outcomes.length === 4, 'the outcomes')
  expect([exact, near, far].map(({ messages }) => messages.map(({ address }) => address))).toEqual([
    ['a/b/c'],
    ['/a/b/d', 'x'],
    ['elsewhere'],
  ])
})

test('a message larger than the limit is rejected, whole or in parts, and its link goes on', async () => {
  const intake = testIntake()
  const { port, context } = await listen('logs', intake, { maxMessageBytes: 100_000 })
  const { send: sendOne, outcomes } = await send(port, 'logs')
  sendOne({ body: Buffer.alloc(99_000) })
  sendOne({ body: Buffer.alloc(5_000_000) })
  sendOne({ body: Buffer.alloc(70_000, 'x') })
  await until(() => outcomes.length === 3, 'the outcomes')
  expect(outcomes).toEqual([
    'accepted',
    'rejected amqp:link:message-size-exceeded the message is larger than 100000 bytes; send less at once or raise maxMessageBytes',
    'accepted',
  ])
  expect(intake.messages.map(({ body }) => body.length)).toEqual([99_000, 70_000])
  expect(context.values.get('amqp1_refused_messages_total{reason="size"}')).toBe(1)
})

test('when the memory for messages is full nothing is read until some are settled', async () => {
  const intake = testIntake(false)
  const { port } = await listen('logs', intake, { maxMessageBytes: 100_000 })
  const { send: sendOne, outcomes } = await send(port, 'logs')
  for (let n = 0; n < 100; n++) sendOne({ body: Buffer.alloc(50_000) })
  await until(() => intake.messages.length >= 32, 'as much as there is room for')
  await new Promise((resolve) => void setTimeout(resolve, 100))
  expect(intake.messages.length).toBeLessThan(40)
  intake.settleAll()
  await until(() => outcomes.length === 100, 'all outcomes')
})

test('with users only the right password gets in, and no password is logged', async () => {
  const intake = testIntake()
  const { port, context } = await listen('a', intake, {
    listen: { users: { ceilometer: 'pässwört', x: 'y' } },
  })
  const plain = (username: string, password: string) => ({
    connection: { sasl_mechanisms: { PLAIN: () => ({ start: answer(`\0${username}\0${password}`) }) } },
  })
  const { send: sendOne, outcomes } = await send(port, 'a', plain('ceilometer', 'pässwört'))
  sendOne({ body: 'x' })
  await until(() => outcomes.length === 1, 'the outcome')

  for (const options of [plain('ceilometer', 'y').connection, plain('nobody', 'y').connection, {}]) {
    const connection = connectTo(port, options)
    const errors: unknown[] = []
    connection.on('connection_error', ({ error }) => errors.push(error))
    await until(() => errors.length > 0, 'the refusal')
    expect(connection.is_open()).toBe(false)
  }
  await until(() => context.lines.length >= 2, 'log lines')
  expect(JSON.stringify(context.lines)).toContain('wrong user or password')
  expect(JSON.stringify(context.lines)).not.toContain('pässwört')
})

function answer(text: string) {
  return (callback: (error: undefined, response: Buffer) => void) => callback(undefined, Buffer.from(text))
}

test('without users a name and a password are admitted, and so is a peer that does not log in at all', async () => {
  const intake = testIntake()
  const { port } = await listen('a', intake)
  for (const connection of [{ username: 'guest', password: 'guest' }, { username: undefined }]) {
    const { send: sendOne, outcomes } = await send(port, 'a', { connection })
    sendOne({ body: 'x' })
    await until(() => outcomes.length === 1, 'the outcome')
  }
  expect(intake.messages).toHaveLength(2)
})

test('a reply link of an RPC library is granted and stays silent, any other wish to receive is refused', async () => {
  const { port } = await listen('a', testIntake())
  const { connection } = await send(port, 'a')
  const dynamic = connection.open_receiver({ source: { address: '', dynamic: true } })
  await until(() => dynamic.is_open(), 'the reply link')
  expect(dynamic.source.address).not.toBe('')
  const other = connection.open_receiver('a')
  const errors: unknown[] = []
  other.on('receiver_error', () => errors.push(other.error))
  await until(() => errors.length > 0, 'the refusal')
  expect(errors[0]).toMatchObject({ condition: 'amqp:not-implemented' })
})

test('the address that people see has the port, and no credentials', async () => {
  const { session, subscription, port } = await listen(['/collectd/telemetry', 'b'], testIntake())
  expect(session.address).toBe(`amqp://127.0.0.1:${port}`)
  expect(subscription.address).toBe(`amqp://127.0.0.1:${port}/collectd/telemetry, amqp://127.0.0.1:${port}/b`)
})

test('strings, data sections, lists and maps become bytes and JSON', async () => {
  const intake = testIntake()
  const { port } = await listen('a', intake)
  const { send: sendOne, outcomes } = await send(port, 'a')
  const { data_sections, sequence_section } = rhea.message
  const bodies = [
    'žluť',
    data_sections([Buffer.from('one '), Buffer.from('body')]),
    ['{"message":"a"}', Buffer.from('{"message":"b"}')],
    sequence_section(['x', 1]),
    { n: Buffer.from([1]), big: rhea.types.wrap_ulong(Buffer.from('ffffffffffffffff', 'hex') as never) },
    undefined,
  ]
  for (const body of bodies) sendOne({ body, content_type: 'text/plain', subject: 's', delivery_count: 1 })
  await until(() => outcomes.length === bodies.length, 'the outcomes')
  expect(intake.messages.map(({ body, contentType }) => [body.toString(), contentType])).toEqual([
    ['žluť', 'text/plain'],
    ['one body', 'text/plain'],
    [String.raw`["{\"message\":\"a\"}","{\"message\":\"b\"}"]`, 'application/json'],
    ['["x",1]', 'application/json'],
    ['{"n":"\\u0001","big":18446744073709551615}', 'application/json'],
    ['', 'text/plain'],
  ])
  expect(intake.messages[0]).toMatchObject({ redelivered: true, headers: { subject: 's' } })
})
