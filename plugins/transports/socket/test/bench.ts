/** What the tests of both protocols need: a transport that really listens, an intake to look at, peers that send. */
import { createSocket } from 'node:dgram'
import type { Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Intake, Message } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { onTestFinished, vi } from 'vitest'
import type { SocketOptions } from '../src/options.ts'
import { openSession } from '../src/session.ts'

/** What becomes of the messages of an intake. */
export type Fate = (message: Message) => Promise<void>

/** An intake that keeps what it is given. */
export function testIntake(fate: Fate = () => Promise.resolve()) {
  const messages: Message[] = []
  let room = Promise.withResolvers<void>()
  const intake = {
    messages,
    full: false,
    texts: () => messages.map(({ body }) => body.toString()),
    room: () => (intake.full ? room.promise : Promise.resolve()),
    fail() {},
    deliver(message: Message) {
      messages.push(message)
      return fate(message)
    },
    makeRoom() {
      intake.full = false
      room.resolve()
      room = Promise.withResolvers()
    },
  }
  return intake satisfies Intake
}

export type TestIntake = ReturnType<typeof testIntake>

/** Messages whose fate the test decides, the oldest first. */
export function heldFates() {
  const held: PromiseWithResolvers<void>[] = []
  return {
    fate(): Promise<void> {
      const fate = Promise.withResolvers<void>()
      held.push(fate)
      return fate.promise
    },
    settle(count = held.length) {
      for (const { resolve } of held.splice(0, count)) resolve()
    },
  }
}

const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  framing: 'newline',
  maxMessageBytes: 1_048_576,
  maxConnections: 128,
  idleTimeoutMs: 3_600_000,
  messageTimeoutMs: 30_000,
} as const

/** A transport with one subscription, started. */
export async function listening(
  options: Partial<SocketOptions> & Pick<SocketOptions, 'protocol'>,
  intake = testIntake(),
) {
  const context = testContext<SocketOptions>({ ...DEFAULTS, ...options }, 'socket')
  const transport = await openSession(context)
  onTestFinished(() => transport.stop?.())
  const subscribe = (input = 'logs', next: Intake = intake) =>
    transport.subscribe({}, next, { input, log: context.log })
  const subscription = await subscribe()
  await subscription.start()
  const port = (): number => Number(/\d+$/.exec(transport.address ?? '')?.[0])
  return { context, transport, intake, subscription, subscribe, port }
}

/** A TCP peer. */
export async function dial(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** The end of a connection, however it comes: who writes when the other side closes is answered with a reset. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((done) => socket.resume().once('close', () => done()))
}

/** A UDP peer that sends at once, as long as the kernel takes it. */
export async function udpPeer(port: number, host = '127.0.0.1'): Promise<UdpSocket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.on('error', () => {})
  onTestFinished(() => new Promise<void>((done) => socket.close(done)))
  socket.connect(port, host)
  await once(socket, 'connect')
  return socket
}

/** Waits until an assertion holds. */
export function until(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 8000, interval: 5 })
}

/** Whether this machine can listen on ::1. */
export const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
)

/** Random numbers that are the same in every run: mulberry32. */
export function seeded(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * bound)
  }
}
