import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Sender, SocketPlace } from '@smart-gateway/sdk'
import { until } from '../testing/until.ts'
import { Sockets } from './sockets.ts'
import type { SocketClaim } from './sockets.ts'

const HOST = '127.0.0.1'
const PLACE = { host: HOST, port: 0 }
const PROTOCOLS = ['tcp', 'udp'] as const
const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

type Protocol = (typeof PROTOCOLS)[number]

/** A generation that claimed a socket, and what it was handed. */
interface Generation {
  readonly claim: SocketClaim
  readonly port: number
  readonly texts: string[]
  readonly senders: Sender[]
}

/** Sockets, and what went wrong with them. */
function bench() {
  const told: string[] = []
  const sockets = new Sockets((error, what) => told.push(`${what}: ${(error as Error).message}`))
  return {
    told,
    sockets,
    /** Claims a socket as a generation of an instance. What a connection says is one text. */
    async claim(
      protocol: Protocol,
      place: SocketPlace = PLACE,
      instance = 'a',
      generation = 1,
    ): Promise<Generation> {
      const texts: string[] = []
      const senders: Sender[] = []
      const owner = { instance, generation }
      const claim = await (protocol === 'tcp'
        ? sockets.claim('tcp', place, owner, (socket) => {
            onTestFinished(() => void socket.destroy())
            socket.on('data', (chunk) => texts.push(String(chunk))).resume()
          })
        : sockets.claim('udp', place, owner, (datagram, sender) => {
            texts.push(String(datagram))
            senders.push(sender)
          }))
      onTestFinished(() => claim.close())
      return { claim, texts, senders, port: claim.socket.port }
    },
  }
}

/** Sends a text: by a datagram, or over a connection of its own. */
async function send(protocol: Protocol, port: number, text: string, host = HOST): Promise<void> {
  if (protocol === 'tcp') {
    const socket = await dial(port, host)
    socket.write(text)
    return
  }
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  await new Promise((sent) => socket.send(text, port, host, sent))
  socket.close()
}

async function dial(port: number, host = HOST): Promise<Socket> {
  const socket = connect(port, host)
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

function arrived(texts: readonly string[], ...expected: string[]): Promise<unknown> {
  return until(`${expected} arrive`, () => expected.every((text) => texts.includes(text)))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test.each(PROTOCOLS)(
  'a swap keeps the port bound: each text reaches the generation of its time (%s)',
  async (protocol) => {
    const { claim } = bench()
    const old = await claim(protocol)
    old.claim.activate()
    await send(protocol, old.port, 'one')
    await arrived(old.texts, 'one')
    const next = await claim(protocol, PLACE, 'a', 2)
    expect(next.port).toBe(old.port)
    await send(protocol, old.port, 'two')
    await arrived(old.texts, 'two')
    next.claim.activate()
    await send(protocol, old.port, 'three')
    await arrived(next.texts, 'three')
    await old.claim.close()
    await send(protocol, old.port, 'four')
    await arrived(next.texts, 'four')
    expect([old.texts, next.texts]).toEqual([
      ['one', 'two'],
      ['three', 'four'],
    ])
  },
)

test.each(PROTOCOLS)(
  'what comes while no generation is live is handed to the first that is (%s)',
  async (protocol) => {
    const { claim } = bench()
    const old = await claim(protocol)
    await send(protocol, old.port, 'early')
    old.claim.activate()
    await arrived(old.texts, 'early')
    const next = await claim(protocol, PLACE, 'a', 2)
    await old.claim.close()
    await send(protocol, old.port, 'between')
    next.claim.activate()
    await arrived(next.texts, 'between')
    expect([old.texts, next.texts]).toEqual([['early'], ['between']])
  },
)

test('a connection that was handed out outlives its generation, and the listener', async () => {
  const { claim } = bench()
  const old = await claim('tcp')
  old.claim.activate()
  const peer = await dial(old.port)
  peer.write('one')
  await arrived(old.texts, 'one')
  await old.claim.close()
  await expect(dial(old.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  peer.write('two')
  await arrived(old.texts, 'two')
})

test.each(PROTOCOLS)('the last generation that goes takes the socket with it (%s)', async (protocol) => {
  const { claim } = bench()
  const first = await claim(protocol)
  const second = await claim(protocol, PLACE, 'a', 2)
  await Promise.all([first.claim.close(), second.claim.close(), first.claim.close()])
  const other = await bench().claim(protocol, { host: HOST, port: first.port }, 'b')
  expect(other.port).toBe(first.port)
})

test('connections that nobody took are closed with the socket', async () => {
  const { claim } = bench()
  const only = await claim('tcp')
  const peer = await dial(only.port)
  const ended = once(peer.resume(), 'end')
  // The kernel has the connection already; two turns later the listener has seen it.
  await turn()
  await turn()
  await only.claim.close()
  await ended
})

test.each(PROTOCOLS)(
  'a port in use is told with the address, and nothing is left behind (%s)',
  async (protocol) => {
    const { claim } = bench()
    const holder = await bench().claim(protocol)
    const place = { host: HOST, port: holder.port }
    await expect(claim(protocol, place)).rejects.toMatchObject({
      code: 'SG_PORT_IN_USE',
      message: `cannot listen on ${HOST}:${holder.port}: the port is in use`,
      cause: { code: 'EADDRINUSE' },
    })
    await holder.claim.close()
    expect((await claim(protocol, place)).port).toBe(holder.port)
  },
)

test.each(PROTOCOLS)('an address that is not of this machine is refused (%s)', async (protocol) => {
  const { claim } = bench()
  await expect(claim(protocol, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
    code: 'SG_PORT_REFUSED',
    message: 'cannot listen on 192.0.2.1:0 (EADDRNOTAVAIL)',
  })
})

test.each(PROTOCOLS)('two instances on one address: the second is told who has it (%s)', async (protocol) => {
  const { claim } = bench()
  const place = { host: HOST, port: await freePort() }
  const first = await claim(protocol, place)
  first.claim.activate()
  await expect(claim(protocol, place, 'b')).rejects.toMatchObject({
    code: 'SG_PORT_IN_USE',
    message: `${protocol} ${HOST}:${place.port} is used by a`,
  })
  await send(protocol, place.port, 'still here')
  await arrived(first.texts, 'still here')
  await first.claim.close()
  expect((await claim(protocol, place, 'b')).port).toBe(place.port)
})

test('TCP and UDP share a port number, and port 0 is another one for each instance', async () => {
  const { claim } = bench()
  const tcp = await claim('tcp')
  const udp = await claim('udp', { host: HOST, port: tcp.port }, 'b')
  expect(udp.port).toBe(tcp.port)
  expect((await claim('udp', PLACE, 'c')).port).not.toBe(udp.port)
})

test('many who come and go at once leave nothing bound', async () => {
  const { sockets } = bench()
  const place = { host: HOST, port: await freePort() }
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const owner = { instance: 'a', generation: i }
      const claim = await sockets.claim('udp', place, owner, () => {})
      claim.activate()
      await claim.close()
    }),
  )
  await bench().claim('udp', place)
})

test('the receive buffer is the size asked for, the newest generation says which', async () => {
  const { claim } = bench()
  const first = await claim('udp', { ...PLACE, receiveBufferBytes: 50_000 })
  const granted = first.claim.socket.receiveBufferBytes ?? 0
  expect(granted).toBeGreaterThanOrEqual(50_000)
  const second = await claim('udp', { ...PLACE, receiveBufferBytes: 100_000 }, 'a', 2)
  expect(second.claim.socket.receiveBufferBytes).toBe(2 * granted)
  await first.claim.close()
  await second.claim.close()
  expect(second.claim.socket.receiveBufferBytes).toBe(2 * granted)
  expect((await claim('tcp')).claim.socket.receiveBufferBytes).toBeUndefined()
})

test('a receive buffer that the system refuses leaves nothing bound', async () => {
  const { claim } = bench()
  const place = { host: HOST, port: await freePort() }
  await expect(claim('udp', { ...place, receiveBufferBytes: -1 })).rejects.toMatchObject({
    code: 'SG_PORT_REFUSED',
    message: expect.stringContaining('receive buffer of -1 bytes'),
  })
  await bench().claim('udp', place)
})

test('who sent a datagram is told', async () => {
  const { claim } = bench()
  const { port, senders, claim: own } = await claim('udp')
  own.activate()
  const socket = createSocket('udp4').bind(0, HOST)
  await once(socket, 'listening')
  socket.send('x', port, HOST)
  await until('it arrives', () => senders.length > 0)
  expect(senders).toEqual([{ address: HOST, port: socket.address().port }])
  socket.close()
})

test('a handler that throws is told; its connection is closed, the next one is handed on', async () => {
  const { sockets, told } = bench()
  let connections = 0
  const claim = await sockets.claim('tcp', PLACE, { instance: 'a', generation: 1 }, (socket) => {
    if (++connections === 1) throw new Error('oops')
    socket.end('fine')
  })
  onTestFinished(() => claim.close())
  claim.activate()
  const first = await dial(claim.socket.port)
  await once(first.resume(), 'end')
  expect(told).toEqual([`the tcp socket on ${HOST}:0: oops`])
  const second = await dial(claim.socket.port)
  expect(String(await once(second, 'data'))).toBe('fine')
})

test('a connection that breaks before anybody listens to it ends nothing else', async () => {
  const { claim } = bench()
  const { port, claim: own, texts } = await claim('tcp')
  const peer = await dial(port)
  peer.write('broken')
  peer.resetAndDestroy()
  await send('tcp', port, 'whole')
  own.activate()
  await arrived(texts, 'whole')
})

test.skipIf(!hasIPv6)('IPv6: the address has brackets, and :: takes both families', async () => {
  for (const protocol of PROTOCOLS) {
    const { claim } = bench()
    for (const host of ['::1', '::']) {
      const { claim: own, port, texts } = await claim(protocol, { host, port: 0 })
      expect(own.socket.address).toBe(`[${host}]:${port}`)
      own.activate()
      await send(protocol, port, 'six', '::1')
      if (host === '::') await send(protocol, port, 'four', HOST)
      await arrived(texts, 'six', ...(host === '::' ? ['four'] : []))
    }
  }
})
