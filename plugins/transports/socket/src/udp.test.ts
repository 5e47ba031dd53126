import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { hasIPv6, listening, testIntake, udpPeer, until } from '../test/bench.ts'

const udp = { protocol: 'udp' } as const
const KERNEL = 'datagrams_dropped_total{reason="kernel"}'

test('each datagram is a message, with who sent it', async () => {
  const { intake, transport, subscription, port } = await listening(udp)
  const peer = await udpPeer(port())
  peer.send('one\n')
  peer.send('')
  peer.send(Buffer.from([0xde, 0x00, 0x10]))
  await until(() => expect(intake.messages.length).toBe(2))
  const headers = { peer: `127.0.0.1:${peer.address().port}` }
  const address = `udp://127.0.0.1:${port()}`
  expect(intake.messages).toEqual([
    { body: Buffer.from('one\n'), address, headers, lastTry: true },
    { body: Buffer.from([0xde, 0x00, 0x10]), address, headers, lastTry: true },
  ])
  expect([transport.address, subscription.address]).toEqual([address, address])
})

test('the largest datagram is taken, one beyond maxMessageBytes is dropped, counted and logged', async () => {
  const { intake, context, port } = await listening({ ...udp, maxMessageBytes: 65_506 })
  const peer = await udpPeer(port())
  peer.send(Buffer.alloc(65_507))
  peer.send(Buffer.alloc(65_506))
  await until(() => expect(intake.messages.map(({ body }) => body.length)).toEqual([65_506]))
  expect(context.values.get('datagrams_dropped_total{reason="too large"}')).toBe(1)
  expect(context.lines[0]?.[1]).toContain(`65507 bytes from 127.0.0.1:${peer.address().port}`)
})

test('while the gateway is full, datagrams are dropped and counted, and that is said once', async () => {
  const intake = testIntake()
  const { context, transport, port } = await listening(udp, intake)
  const peer = await udpPeer(port())
  intake.full = true
  for (let i = 0; i < 20; i++) peer.send('lost')
  await until(() => expect(context.values.get('datagrams_dropped_total{reason="queue full"}')).toBe(20))
  intake.makeRoom()
  peer.send('kept')
  await until(() => expect(intake.texts()).toEqual(['kept']))
  expect(context.lines.length).toBe(1)
  await transport.stop?.()
  expect(context.lines.map(([level, line]) => [level, line])).toEqual([
    ['warn', expect.stringContaining('dropped while a required output does not keep up')],
    ['info', 'over: 20 datagrams dropped: queue full'],
  ])
})

test('a datagram that the gateway gives back is counted and said', async () => {
  const intake = testIntake(() => Promise.reject(new Error('the gateway is stopping')))
  const { context, port } = await listening(udp, intake)
  const peer = await udpPeer(port())
  peer.send('one')
  await until(() => expect(context.values.get('messages_lost_total{reason="given back"}')).toBe(1))
  expect(intake.messages.length).toBe(1)
  expect(context.lines[0]?.[1]).toContain('the gateway is stopping')
})

test.skipIf(!existsSync('/proc/net/udp'))(
  'what the kernel drops from a full receive buffer is counted, logged once, and seen in health',
  async () => {
    const { intake, context, transport, subscription, port } = await listening({
      ...udp,
      receiveBufferBytes: 4096,
    })
    const peer = await udpPeer(port())
    peer.send('before')
    await until(() => expect(intake.messages.length).toBe(1))
    expect(transport.health?.()).toEqual({ state: 'ready' })
    const sent = 500
    // All in one turn: nothing is received meanwhile.
    for (let i = 0; i < sent; i++) peer.send(Buffer.alloc(1000))
    await until(() => expect(context.values.get(KERNEL)).toBeGreaterThan(0))
    const dropped = context.values.get(KERNEL) ?? 0
    expect(dropped + intake.messages.length - 1).toBe(sent)
    expect(transport.health?.()).toMatchObject({
      state: 'degraded',
      reason: expect.stringContaining('receiveBufferBytes'),
    })
    for (let i = 0; i < sent; i++) peer.send(Buffer.alloc(1000))
    await subscription.stop()
    expect(context.values.get(KERNEL)).toBeGreaterThan(dropped)
    expect(context.lines.filter(([, line]) => line.includes('the kernel dropped')).length).toBe(1)
  },
)

test.skipIf(!existsSync('/proc/net/udp'))(
  'a generation does not count again what the one before it has counted',
  async () => {
    const { intake, context, subscription, subscribe, port } = await listening({
      ...udp,
      receiveBufferBytes: 4096,
    })
    const peer = await udpPeer(port())
    for (let i = 0; i < 100; i++) peer.send(Buffer.alloc(1000))
    await until(() => expect(intake.messages.length).toBeGreaterThan(0))
    await subscription.stop()
    const dropped = context.values.get(KERNEL)
    expect(dropped).toBeGreaterThan(0)
    const next = await subscribe()
    await next.start()
    await next.stop()
    expect(context.values.get(KERNEL)).toBe(dropped)
  },
)

test.skipIf(process.platform !== 'linux')(
  'a receive buffer that the kernel does not grant is told with what to do',
  async () => {
    const most = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'))
    const { context } = await listening({ ...udp, receiveBufferBytes: most + 1 })
    expect(context.lines).toEqual([
      ['warn', expect.stringContaining(`sysctl -w net.core.rmem_max=${most + 1}`), {}],
    ])
    const granted = await listening({ ...udp, receiveBufferBytes: 100_000 })
    expect(granted.context.lines).toEqual([])
  },
)

test('stop takes no more and lets the address go; an input that comes back has it again', async () => {
  const { intake, subscription, subscribe, port } = await listening(udp)
  const before = port()
  await Promise.all([subscription.stop(), subscription.stop()])
  const peer = await udpPeer(before)
  peer.send('nobody there')
  const next = await subscribe()
  await next.start()
  const again = await udpPeer(port())
  again.send('back')
  await until(() => expect(intake.texts()).toEqual(['back']))
})

test.skipIf(!hasIPv6)('IPv6: ::1, and :: for both families', async () => {
  for (const host of ['::1', '::']) {
    const { intake, transport, port } = await listening({ ...udp, host })
    expect(transport.address).toBe(`udp://[${host}]:${port()}`)
    const peer = await udpPeer(port(), '::1')
    peer.send('six')
    await until(() => expect(intake.texts()).toEqual(['six']))
    expect(intake.messages[0]?.headers).toEqual({ peer: `[::1]:${peer.address().port}` })
    if (host === '::1') continue
    const four = await udpPeer(port(), '127.0.0.1')
    four.send('four')
    await until(() => expect(intake.texts()).toEqual(['six', 'four']))
  }
})
