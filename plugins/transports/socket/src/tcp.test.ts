import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { permanent, retryable } from '@smart-gateway/sdk'
import { expect, test, vi } from 'vitest'
import { closed, dial, hasIPv6, heldFates, listening, testIntake, until } from '../test/bench.ts'

const tcp = { protocol: 'tcp' } as const

/** As much as the peer's kernel and ours take, and then a little: returns the bytes that were written. */
async function flood(socket: Socket, chunk: Buffer, maxBytes: number): Promise<number> {
  let bytes = 0
  while (bytes < maxBytes) {
    bytes += chunk.length
    if (socket.write(chunk)) continue
    const drained = once(socket, 'drain').then(() => true)
    const stuck = new Promise<boolean>((done) => setTimeout(done, 300, false))
    if (!(await Promise.race([drained, stuck]))) break
  }
  return bytes
}

/** A message behind its length, little-endian, 64 bits. */
function frame(text: string): Buffer {
  const head = Buffer.alloc(8)
  head.writeBigInt64LE(BigInt(text.length))
  return Buffer.concat([head, Buffer.from(text)])
}

test('each line is a message, in order, with who sent it', async () => {
  const { intake, transport, subscription, port } = await listening(tcp)
  const peer = await dial(port())
  peer.write('{"a":1}\n{"b":2}\r\n{"c"')
  peer.write(':3}\n')
  await until(() => expect(intake.texts()).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']))
  expect(intake.messages[0]).toEqual({
    body: Buffer.from('{"a":1}'),
    address: `tcp://127.0.0.1:${port()}`,
    headers: { peer: `127.0.0.1:${peer.localPort}` },
  })
  expect([transport.address, subscription.address]).toEqual(Array(2).fill(`tcp://127.0.0.1:${port()}`))
  expect(transport.health?.()).toEqual({ state: 'ready' })
})

test('frames with a length before them, split and joined', async () => {
  const { intake, port } = await listening({ ...tcp, framing: 'length64le' })
  const peer = await dial(port())
  const stream = Buffer.concat([frame('one'), frame('two')])
  peer.write(stream.subarray(0, 15))
  await until(() => expect(intake.texts()).toEqual(['one']))
  peer.write(stream.subarray(15))
  await until(() => expect(intake.texts()).toEqual(['one', 'two']))
})

test.each([
  ['B13: a TCP frame of length -4', 'fcffffffffffffff', '-4'],
  ['B14: a TCP frame of length 2^40', '0000000000010000', '1099511627776'],
])('%s closes its connection, says who sent it, and harms nobody else', async (_, head, length) => {
  const { intake, context, port } = await listening({ ...tcp, framing: 'length64le' })
  const good = await dial(port())
  const bad = await dial(port())
  const from = bad.localPort
  const before = process.memoryUsage.rss()
  bad.write(Buffer.concat([frame('ok'), Buffer.from(head, 'hex')]))
  await closed(bad)
  expect(process.memoryUsage.rss() - before).toBeLessThan(100_000_000)
  const line = context.lines.find(([level]) => level === 'warn')?.[1]
  expect(line).toContain(`127.0.0.1:${from}: it announced a message of ${length} bytes`)
  expect(context.values.get('connections_cut_total{reason="bad length"}')).toBe(1)
  good.write(frame('fine'))
  await until(() => expect(intake.texts()).toEqual(['ok', 'fine']))
})

test('a line beyond the limit is left out, counted and logged; the connection goes on', async () => {
  const { intake, context, port } = await listening({ ...tcp, maxMessageBytes: 10 })
  const peer = await dial(port())
  peer.write(`${'x'.repeat(100_000)}\nshort\n`)
  await until(() => expect(intake.texts()).toEqual(['short']))
  expect(context.values.get('messages_lost_total{reason="too long"}')).toBe(1)
  expect(context.lines[0]).toEqual(['warn', expect.stringContaining(`127.0.0.1:${peer.localPort}`), {}])
})

test('the last line needs no end when the peer closes in good order', async () => {
  const { intake, context, port } = await listening(tcp)
  const peer = await dial(port())
  const ended = closed(peer)
  peer.end('one\nlast')
  await until(() => expect(intake.texts()).toEqual(['one', 'last']))
  await ended
  expect(context.values.size).toBe(0)
})

test('half a line of a connection that breaks is no message, but counted', async () => {
  const { intake, context, port } = await listening(tcp)
  const peer = await dial(port())
  peer.write('one\nhal')
  await until(() => expect(intake.texts()).toEqual(['one']))
  peer.resetAndDestroy()
  await until(() => expect(context.values.get('messages_lost_total{reason="cut off"}')).toBe(1))
  expect(intake.texts()).toEqual(['one'])
})

test('while the gateway is full, a connection is not read and its sender has to wait', async () => {
  const intake = testIntake()
  intake.full = true
  const { port } = await listening(tcp, intake)
  const peer = await dial(port())
  const line = Buffer.alloc(65_536, 'x').fill('\n', 65_535)
  const bytes = await flood(peer, line, 64_000_000)
  expect(bytes).toBeLessThan(64_000_000)
  expect(intake.messages.length).toBe(0)
  intake.makeRoom()
  await until(() => expect(intake.messages.length).toBe(bytes / line.length))
})

test('at most a thousand messages of a connection are under way, and a chunk', async () => {
  const held = heldFates()
  const { intake, port } = await listening(tcp, testIntake(held.fate))
  const peer = await dial(port())
  const line = Buffer.from(`${'x'.repeat(99)}\n`)
  const chunk = Buffer.concat(Array.from({ length: 1000 }, () => line))
  const bytes = await flood(peer, chunk, 64_000_000)
  expect(bytes).toBeLessThan(64_000_000)
  expect(intake.messages.length).toBeGreaterThanOrEqual(1000)
  expect(intake.messages.length).toBeLessThan(1000 + 65_536 / line.length + 1)
  const others = await dial(port())
  others.write('mine\n')
  await until(() => expect(intake.texts()).toContain('mine'))
  await until(() => {
    held.settle()
    expect(intake.messages.length).toBe(bytes / line.length + 1)
  })
})

test('what is under way is bounded over all connections', async () => {
  const held = heldFates()
  const { intake, port } = await listening(tcp, testIntake(held.fate))
  const lines = `${'x'.repeat(999)}\n`.repeat(3000)
  const peers = await Promise.all(Array.from({ length: 40 }, () => dial(port())))
  for (const peer of peers) peer.write(lines)
  await until(() => expect(intake.messages.length).toBeGreaterThanOrEqual(10_000))
  let before = -1
  await vi.waitFor(
    () => {
      const [last, now] = [before, intake.messages.length]
      before = now
      expect(now).toBe(last)
    },
    { interval: 200, timeout: 8000 },
  )
  // No connection reads once the bound is met: the one that met it was in the midst of a chunk.
  expect(intake.messages.length).toBeLessThan(10_000 + 66)
  await until(() => {
    held.settle()
    expect(intake.messages.length).toBe(40 * 3000)
  })
})

test('a message that the gateway gives back is handed in again', async () => {
  let failures = 2
  const intake = testIntake(() =>
    failures-- > 0 ? Promise.reject(retryable('later', { retryAfter: 5 })) : Promise.resolve(),
  )
  const { context, port } = await listening(tcp, intake)
  const peer = await dial(port())
  peer.write('one\n')
  await until(() => expect(intake.texts()).toEqual(['one', 'one', 'one']))
  expect(context.values.size).toBe(0)
})

test('a message that is given back five times, or refused for good, is not handed in again', async () => {
  const intake = testIntake(({ body }) =>
    Promise.reject(body.toString() === 'bad' ? permanent('not JSON') : retryable('later', { retryAfter: 5 })),
  )
  const { context, port } = await listening(tcp, intake)
  const peer = await dial(port())
  peer.write('bad\nnever\n')
  await until(() => expect(context.values.get('messages_lost_total{reason="given back"}')).toBe(1))
  expect(intake.texts()).toEqual(['bad', ...Array<string>(5).fill('never')])
  expect(context.lines.map(([, line]) => line)).toEqual([
    expect.stringContaining('lost a message that the gateway gave back: later'),
  ])
})

test('a message that waits for another try when its input stops is lost, counted and said', async () => {
  const intake = testIntake(() => Promise.reject(retryable('the output is away')))
  const { context, subscription, port } = await listening(tcp, intake)
  const peer = await dial(port())
  peer.write('one\n')
  await until(() => expect(intake.texts()).toEqual(['one']))
  await subscription.stop()
  expect(context.values.get('messages_lost_total{reason="given back"}')).toBe(1)
  expect(context.lines.map(([, line]) => line)).toEqual([expect.stringContaining('the output is away')])
  expect(intake.texts()).toEqual(['one'])
})

test('a connection beyond the limit is refused, counted, and seen in health; the others go on', async () => {
  const { intake, context, transport, port } = await listening({ ...tcp, maxConnections: 2 })
  const first = await dial(port())
  const second = await dial(port())
  second.write('here\n')
  await until(() => expect(intake.texts()).toEqual(['here']))
  for (let i = 0; i < 5; i++) {
    const refused = connect(port(), '127.0.0.1')
    refused.on('error', () => {}).resume()
    await new Promise((closed) => refused.on('close', closed))
  }
  expect(context.values.get('connections_refused_total')).toBe(5)
  expect(context.lines.length).toBe(1)
  expect(transport.health?.()).toMatchObject({
    state: 'degraded',
    reason: expect.stringContaining('2 are open'),
  })
  first.end('first\n')
  await until(() => expect(intake.texts()).toEqual(['here', 'first']))
  await until(() => expect(transport.health?.()).toEqual({ state: 'ready' }))
  const third = await dial(port())
  third.write('third\n')
  await until(() => expect(intake.texts()).toContain('third'))
})

test('a connection that is silent for too long is closed', async () => {
  const { context, port } = await listening({ ...tcp, idleTimeoutMs: 150 })
  const peer = await dial(port())
  await closed(peer)
  expect(context.values.get('connections_cut_total{reason="idle"}')).toBe(1)
})

test('a message that does not come to its end in time closes its connection, however steadily it drips', async () => {
  const { intake, context, port } = await listening({ ...tcp, messageTimeoutMs: 300 })
  const steady = await dial(port())
  const slow = await dial(port())
  const drip = setInterval(() => {
    steady.write('whole\nha')
    steady.write('lf\n')
    slow.write('x')
  }, 20)
  await closed(slow)
  const taken = intake.messages.length
  await until(() => expect(intake.messages.length).toBeGreaterThan(taken + 20))
  clearInterval(drip)
  expect(new Set(intake.texts())).toEqual(new Set(['whole', 'half']))
  expect(context.values.get('connections_cut_total{reason="message timeout"}')).toBe(1)
})

test('the time that the gateway itself takes is not held against a peer', async () => {
  const held = heldFates()
  const { intake, context, port } = await listening(
    { ...tcp, idleTimeoutMs: 100, messageTimeoutMs: 100 },
    testIntake(held.fate),
  )
  const peer = await dial(port())
  peer.write('x\n'.repeat(1000) + 'begun')
  await until(() => expect(intake.messages.length).toBe(1000))
  await new Promise((done) => setTimeout(done, 400))
  expect(context.values.size).toBe(0)
  held.settle()
  peer.write(' and done\n')
  await until(() => expect(intake.texts().at(-1)).toBe('begun and done'))
})

test('one input only: a second one is told whose the address is', async () => {
  const { subscribe, port } = await listening(tcp)
  await expect(subscribe('events')).rejects.toMatchObject({
    message: `tcp://127.0.0.1:${port()} already belongs to the input logs: give events a socket transport of its own`,
    retryable: false,
  })
})

test('stop reads what was sent before it, tells the peers to go elsewhere, and takes no more', async () => {
  const { intake, subscription, port } = await listening(tcp)
  const peer = await dial(port())
  const lines = 20_000
  peer.write('x\n'.repeat(lines))
  const ended = once(peer.resume(), 'end')
  await Promise.all([subscription.stop(), subscription.stop()])
  await ended
  expect(intake.messages.length).toBe(lines)
  const late = connect(port(), '127.0.0.1')
  await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('stop waits for a peer that does not let go no longer than it takes to see that it is quiet', async () => {
  const { intake, subscription, transport, port } = await listening(tcp)
  const peer = connect({ port: port(), host: '127.0.0.1', allowHalfOpen: true })
  peer.on('error', () => {})
  await once(peer, 'connect')
  peer.resume().write('one\n')
  await until(() => expect(intake.texts()).toEqual(['one']))
  const begun = performance.now()
  await subscription.stop()
  expect(performance.now() - begun).toBeLessThan(1500)
  await transport.stop?.()
  await until(() => {
    peer.write('two\n')
    expect(peer.destroyed).toBe(true)
  })
  expect(intake.texts()).toEqual(['one'])
})

test('stop does not wait for ever for outputs that do not keep up', async () => {
  const intake = testIntake()
  intake.full = true
  const { subscription, port } = await listening(tcp, intake)
  const peer = await dial(port())
  peer.write('one\n')
  const begun = performance.now()
  await subscription.stop()
  expect(performance.now() - begun).toBeLessThan(4000)
  expect(intake.messages).toEqual([])
})

test('an input that comes back finds the address open and what was left unread', async () => {
  const intake = testIntake()
  intake.full = true
  const { subscription, subscribe, port } = await listening(tcp, intake)
  const peer = await dial(port())
  peer.write('before\n')
  await subscription.stop()
  const again = testIntake()
  const next = await subscribe('logs', again)
  await next.start()
  await until(() => expect(again.texts()).toEqual(['before']))
  const late = await dial(port())
  late.write('after\n')
  await until(() => expect(again.texts()).toEqual(['before', 'after']))
  expect(intake.messages).toEqual([])
})

test.skipIf(!hasIPv6)('IPv6: ::1, and :: for both families', async () => {
  for (const host of ['::1', '::']) {
    const { intake, transport, port } = await listening({ ...tcp, host })
    expect(transport.address).toBe(`tcp://[${host}]:${port()}`)
    const peer = await dial(port(), '::1')
    peer.write('six\n')
    await until(() => expect(intake.texts()).toEqual(['six']))
    expect(intake.messages[0]?.headers).toEqual({ peer: `[::1]:${peer.localPort}` })
    if (host === '::1') continue
    const four = await dial(port(), '127.0.0.1')
    four.write('four\n')
    await until(() => expect(intake.texts()).toEqual(['six', 'four']))
  }
})

test('200,000 lines cost less than three seconds', async () => {
  const { intake, port } = await listening(tcp)
  const peer = await dial(port())
  const chunk = Buffer.from(`{"message":"${'x'.repeat(180)}"}\n`.repeat(1000))
  const begun = process.cpuUsage()
  for (let i = 0; i < 200; i++) if (!peer.write(chunk)) await once(peer, 'drain')
  await until(() => expect(intake.messages.length).toBe(200_000))
  const { user, system } = process.cpuUsage(begun)
  // It takes about half a second, the sender's part included.
  expect((user + system) / 1000).toBeLessThan(3000)
})
