import type { Health, Sender, SocketService } from '@smart-gateway/sdk'
import type { Courier } from './courier.ts'
import { watchDrops } from './kernel-drops.ts'
import type { DropWatch } from './kernel-drops.ts'
import { peerOf } from './peer.ts'
import type { Peer } from './peer.ts'
import { warnOfSmallBuffer } from './receive-buffer.ts'
import { READY, RECENT_MS } from './receiver.ts'
import type { Equipment, Receiver } from './receiver.ts'

/** Makes each datagram a message, and counts those that cannot become one. */
export function datagramReceiver({ context, counters, outages }: Equipment): Receiver {
  const { host, port, maxMessageBytes, receiveBufferBytes } = context.options
  let place: SocketService | undefined
  let address = ''
  let courier: Courier | undefined
  let watch: DropWatch | undefined
  let sender: Sender = { address: '', port: 0 }
  let headers: Peer = { peer: '' }
  let kernelDropAtMs = -Infinity

  const drop = (reason: keyof typeof DROPS, detail = ''): void => {
    counters.datagramsDropped.inc(1, { reason })
    outages.tell(`datagrams dropped: ${reason}`, 1, () => `${address}: ${DROPS[reason]}${detail}`)
  }
  const receive = (body: Buffer, from: Sender): void => {
    if (courier === undefined) return drop('not ready')
    if (courier.full) {
      courier.drop(1)
      return drop('queue full')
    }
    if (from.port !== sender.port || from.address !== sender.address) {
      sender = from
      headers = { peer: peerOf(from.address, from.port) }
    }
    if (body.length > maxMessageBytes)
      return drop(
        'too large',
        `: ${body.length} bytes from ${headers.peer}, at most ${maxMessageBytes} are taken`,
      )
    if (body.length > 0) courier.carry({ body, address, headers }, NOTHING)
  }
  const droppedByKernel = (datagrams: number): void => {
    kernelDropAtMs = performance.now()
    counters.datagramsDropped.inc(datagrams, { reason: 'kernel' })
    outages.tell(
      'datagrams dropped: kernel',
      datagrams,
      () => `${address}: the kernel dropped ${datagrams} datagrams; ${REMEDY}`,
    )
  }

  return {
    async bind() {
      place = await context.sockets.udp(
        { host, port, ...(receiveBufferBytes === undefined ? {} : { receiveBufferBytes }) },
        receive,
      )
      address = `udp://${place.address}`
      warnOfSmallBuffer(context, place)
      return place
    },
    async start(next) {
      const own = place
      if (own === undefined) return
      courier = next
      const opened = await watchDrops(host, own.port, droppedByKernel)
      if (place !== own) return opened.stop()
      watch = opened
    },
    async stop(letGo) {
      place = undefined
      // Once more while the kernel still knows the socket, and once when nothing can be dropped between.
      await watch?.look()
      await letGo()
      courier = undefined
      await watch?.stop()
    },
    end() {},
    health: () => (performance.now() - kernelDropAtMs > RECENT_MS ? READY : DROPPING),
  }
}

const DROPS = {
  'not ready': 'datagrams are dropped until the input that takes them is ready',
  'queue full': 'datagrams are dropped while a required output does not keep up',
  'too large': 'a datagram larger than maxMessageBytes is dropped',
}
const REMEDY = 'its receive buffer was full: raise receiveBufferBytes'
const DROPPING: Health = { state: 'degraded', reason: `the kernel drops datagrams; ${REMEDY}` }
const NOTHING = (): void => {}
