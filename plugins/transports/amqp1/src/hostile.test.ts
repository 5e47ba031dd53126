import { afterEach, expect, test, vi } from 'vitest'
import { listening, testIntake, until } from './testing/gateway.ts'
import type { Opened, TestIntake } from './testing/gateway.ts'
import { produce } from './testing/producer.ts'
import * as wire from './testing/wire.ts'
import type { Hand } from './testing/wire.ts'

const { HEADER, OPEN, BEGIN, SASL_HEADER, attach, described, encoded, frameOf, message, transfer } = wire

let opened: Opened
let intake: TestIntake
const hands: Hand[] = []

async function start(options: Parameters<typeof listening>[2] = {}): Promise<void> {
  intake = testIntake()
  opened = await listening('a', intake, options)
}

afterEach(async () => {
  vi.useRealTimers()
  for (const { socket } of hands.splice(0)) socket.destroy()
  // Whatever the peer did, the next one is served.
  const login = { username: 'u', password: 'p' }
  const { send, outcomes, connection } = await produce(opened.port, 'a', { connection: login })
  send({ body: 'still here' })
  await until(() => outcomes.length === 1, 'a later message')
  connection.close()
  await opened.session.stop?.()
})

async function attack(...chunks: (Buffer | string)[]): Promise<Hand> {
  const hand = await wire.connectByHand(opened.port)
  hands.push(hand)
  hand.write(...chunks)
  return hand
}

/** A peer with two links and credit. */
async function attached(): Promise<Hand> {
  const hand = await attack(HEADER, OPEN, BEGIN, attach(0), attach(1))
  await until(() => (hand.answered().match(/005313/g) ?? []).length === 2, 'credit')
  return hand
}

const gone = ({ socket }: Hand): Promise<void> => until(() => socket.closed, 'the end of the connection')
const logged = (): string => opened.context.lines.map(([, line]) => line).join('\n')
const bodies = (): string[] => intake.messages.map(({ body }) => body.toString())

const claims32Million = Buffer.from('d00000001002000000a16142', 'hex')
const arrayOf4BillionNulls = Buffer.from('f000000006ffffffff40', 'hex')
const nestedLists = Buffer.concat([
  ...Array.from({ length: 5000 }, () => Buffer.from('c0ff01', 'hex')),
  encoded(1),
])

test.each<[what: string, ...chunks: (Buffer | string)[]]>([
  ['noise', Buffer.alloc(100_000, 0xa7)],
  ['HTTP', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['TLS', Buffer.from('1603010200010001fc0303', 'hex')],
  ['AMQP 0-9-1', 'AMQP\0\0\u0009\u0001'],
  ['a frame of 4 GiB', HEADER, Buffer.alloc(8, 0xff)],
  ['a frame of no bytes', HEADER, Buffer.alloc(8)],
  ['AMQP before the login is over', SASL_HEADER, HEADER, OPEN],
  ['a login with a mechanism that every object has', SASL_HEADER, saslInit('toString')],
  ['an unknown performative', HEADER, OPEN, frameOf(described(0x7f, encoded([])))],
  ['a performative that is none', HEADER, OPEN, frameOf(encoded('open'))],
  ['an open that holds 2^32 values of no bytes', HEADER, frameOf(described(0x10, arrayOf4BillionNulls))],
  ['an open that claims 2^25 fields', HEADER, frameOf(described(0x10, claims32Million))],
  ['a transfer on no link', HEADER, OPEN, BEGIN, transfer({ handle: 9 }, message('a', 'x'))],
  [
    'a disposition of 4 billion deliveries',
    HEADER,
    OPEN,
    BEGIN,
    frameOf(described(0x15, encoded([true, 0, 4_294_967_295]))),
  ],
])('%s ends its connection and nothing else', async (_what, ...chunks) => {
  await start()
  await gone(await attack(...chunks))
  expect(logged()).toContain('was disconnected')
})

function saslInit(mechanism: string): Buffer {
  const frame = frameOf(described(0x41, encoded([mechanism, Buffer.from('x')])))
  frame[5] = 1
  return frame
}

test.each<[what: string, chunk: Buffer | string, sentence: string, users?: boolean]>([
  ['TLS', Buffer.from('1603010200010001fc0303', 'hex'), 'this is TLS, which is not spoken here: give'],
  ['HTTP', 'POST /collectd HTTP/1.1\r\nhost: x\r\n\r\n', 'this is HTTP, and the port is for AMQP 1.0'],
  ['AMQP 0-9-1', 'AMQP\0\0\u0009\u0001', 'this is AMQP 0-9-1, and the port is for AMQP 1.0'],
  ['AMQP without the login that it needs', HEADER, 'came without a login, but "listen.users" asks', true],
])(
  '%s is told of as such, once however often it comes, without a stack',
  async (_, chunk, sentence, users) => {
    await start(users === true ? { listen: { users: { u: 'p' } } } : {})
    for (let n = 0; n < 5; n++) await gone(await attack(chunk))
    const told = opened.context.lines.filter(([level]) => level === 'warn')
    expect(told).toEqual([['warn', expect.stringMatching(/^127\.0\.0\.1:\d+ was disconnected: /), {}]])
    expect(told[0]?.[1]).toContain(sentence)
  },
)

test.each<[what: string, payload: Buffer, id?: number | null]>([
  ['bytes that are no message', Buffer.alloc(4, 0xff)],
  ['no delivery id', message('a', 'x'), null],
  ['a body that claims 2^25 members', described(0x77, claims32Million)],
  ['a body of 2^32 values of no bytes', described(0x77, arrayOf4BillionNulls)],
  ['a body of thousands of nested lists', described(0x77, nestedLists)],
])('a transfer with %s ends its connection and nothing else', async (_what, payload, id = 0) => {
  await start()
  const hand = await attached()
  hand.write(transfer({ id }, payload))
  await gone(hand)
  expect(intake.messages).toEqual([])
})

test('a flow whose fields are of odd types does not end the process', async () => {
  await start()
  const hand = await attached()
  hand.write(frameOf(described(0x13, encoded([0, 10, 0, 10, 0, [1, 2], 0, null, true]))))
  hand.write(transfer({}, message('a', 'x')))
  await gone(hand)
})

test('a delivery without credit ends the connection', async () => {
  await start({ prefetch: 2 })
  intake = testIntake(false)
  const hand = await attached()
  for (let id = 0; id < 50; id++) hand.write(transfer({ id }, message('a', String(id))))
  await gone(hand)
  expect(logged()).toContain('a delivery without credit')
})

test('a message that its sender takes back is not delivered, the next one is', async () => {
  await start()
  const hand = await attached()
  hand.write(transfer({ id: 0, more: true }, message('a', 'half')))
  hand.write(transfer({ id: 0, aborted: true }, Buffer.alloc(0)))
  hand.write(transfer({ id: 1 }, message('a', 'whole')))
  await until(() => intake.messages.length > 0, 'a message')
  expect(bodies()).toEqual(['whole'])
})

test('unfinished messages share a bounded memory: one that finds no room is released, whole ones pass', async () => {
  await start({ maxMessageBytes: 1024 })
  const hand = await attached()
  const pieces = Array.from(message('a', 'in pieces'.padEnd(200)), (byte) => Buffer.from([byte]))
  // Each piece counts for more than its byte: the first message takes more room than the 16 KiB that there are.
  for (const piece of pieces) hand.write(transfer({ id: 0, more: true }, piece))
  hand.write(transfer({ handle: 1, id: 1 }, message('a', 'at once')))
  hand.write(transfer({ id: 0 }, Buffer.alloc(0)))
  await until(() => hand.answered().includes('005326'), 'the release')
  expect(bodies()).toEqual(['at once'])
})

test('a link without a target, as a transaction coordinator has none that is known here, is refused', async () => {
  await start()
  const hand = await attack(HEADER, OPEN, BEGIN, frameOf(described(0x12, encoded(['link', 0, false]))))
  await until(() => hand.answered().includes('005316'), 'the detach')
  expect(Buffer.from(hand.answered(), 'hex').toString('latin1')).toContain('amqp:not-implemented')
})

test('too many links on one connection end it', async () => {
  await start()
  const hand = await attack(
    HEADER,
    OPEN,
    BEGIN,
    ...Array.from({ length: 300 }, (_, handle) => attach(handle)),
  )
  await gone(hand)
  expect(Buffer.from(hand.answered(), 'hex').toString('latin1')).toContain('amqp:resource-limit-exceeded')
})

test('a peer that opens no connection is not waited for', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  await start()
  const hand = await attack(HEADER)
  await until(() => opened.context.values.get('amqp1_connections') === 1, 'the connection')
  await vi.advanceTimersByTimeAsync(11_000)
  await gone(hand)
  expect(logged()).toContain('no AMQP connection was opened within')
})

const conversation = Buffer.concat([HEADER, OPEN, BEGIN, attach(0), transfer({}, message('a', 'x'))])

test('cut anywhere, a conversation leaves nothing behind', async () => {
  await start()
  for (let end = 1; end < conversation.length; end += 3) {
    const hand = await attack(conversation.subarray(0, end))
    hand.socket.end()
    await gone(hand)
  }
  await until(() => opened.context.values.get('amqp1_connections') === 0, 'all to be gone')
})

test('byte by byte, a conversation is understood', async () => {
  await start()
  const hand = await attack()
  hand.socket.setNoDelay()
  for (const byte of conversation) {
    hand.write(Buffer.from([byte]))
    await new Promise((resolve) => void setImmediate(resolve))
  }
  await until(() => intake.messages.length === 1, 'the message')
})

test('with any one byte changed, a conversation does not end the process', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await start()
  for (let at = 0; at < conversation.length; at++) {
    const changed = Buffer.from(conversation)
    changed[at] = (changed[at]! + 1 + ((at * 37) % 255)) & 0xff
    const hand = await attack(changed)
    hand.socket.end()
    await gone(hand)
  }
  vi.restoreAllMocks()
})
