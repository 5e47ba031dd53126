import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Connection } from './connection.ts'
import type { Surroundings } from './connection.ts'
import type { Courier } from './courier.ts'
import { peerOf } from './peer.ts'
import { READY, RECENT_MS } from './receiver.ts'
import type { Equipment, Receiver } from './receiver.ts'
import { ALL, Window } from './window.ts'

/** Reads TCP connections no faster than their messages are settled, so that TCP itself holds their senders back. */
export function connectionReceiver({ context, counters, outages }: Equipment): Receiver {
  const { options } = context
  const { host, port, maxConnections, idleTimeoutMs, messageTimeoutMs } = options
  const connections = new Set<Connection>()
  const underWay = new Window(ALL)
  let address = ''
  let courier: Courier | undefined
  let flowing = false
  let clock: NodeJS.Timeout | undefined
  let refusedAtMs = -Infinity
  /** The courier for whose room there is a watch. */
  let awaited: Courier | undefined

  const update = (): void => {
    const full = courier !== undefined && courier.full
    if (full) awaitRoom(courier)
    const may = courier !== undefined && !full && !underWay.full
    if (may === flowing) return
    flowing = may
    for (const connection of connections) connection.update()
  }
  const awaitRoom = (full: Courier | undefined): void => {
    if (awaited === full) return
    awaited = full
    void full?.room().then(() => {
      if (awaited === full) awaited = undefined
      update()
    })
  }
  const lose: Surroundings['lose'] = (reason, sentence) => {
    counters.messagesLost.inc(1, { reason })
    outages.tell(`messages lost: ${reason}`, 1, () => `${address}: lost a message: ${sentence}`)
  }
  const around: Surroundings = {
    options,
    get flowing() {
      return flowing
    },
    carry(body, headers, settled) {
      if (courier !== undefined) return courier.carry({ body, address, headers }, settled)
      lose('cut off', `the input stopped while one from ${headers.peer} ended`)
      queueMicrotask(settled)
    },
    count(messages, bytes) {
      underWay.add(messages, bytes)
      update()
    },
    lose,
    cut(reason, sentence) {
      counters.connectionsCut.inc(1, { reason })
      outages.tell(`connections closed: ${reason}`, 1, () => `${address}: ${sentence}`)
    },
    gone: (connection) => void connections.delete(connection),
  }
  const accept = (socket: Socket): void => {
    if (socket.destroyed) return
    if (connections.size >= maxConnections) return refuse(socket)
    const connection = new Connection(socket, around)
    connections.add(connection)
    connection.update()
  }
  const refuse = (socket: Socket): void => {
    const peer = peerOf(socket.remoteAddress, socket.remotePort)
    socket.destroy()
    refusedAtMs = performance.now()
    counters.connectionsRefused.inc()
    outages.tell(
      'connections refused',
      1,
      () => `${address}: refused a connection from ${peer}: ${maxConnections} are open (maxConnections)`,
    )
  }

  return {
    async bind() {
      const place = await context.sockets.tcp({ host, port }, accept)
      address = `tcp://${place.address}`
      return place
    },
    start(next) {
      courier = next
      const checkTimes = (): void => {
        const nowMs = performance.now()
        for (const connection of connections) connection.checkTime(nowMs)
      }
      clock = setInterval(checkTimes, Math.min(1000, idleTimeoutMs / 2, messageTimeoutMs / 2)).unref()
      update()
    },
    async stop(letGo) {
      await letGo()
      clearInterval(clock)
      if (courier !== undefined) await drain(connections)
      courier = undefined
      update()
    },
    end() {
      for (const connection of connections) connection.destroy()
    },
    health: () =>
      connections.size < maxConnections || performance.now() - refusedAtMs > RECENT_MS
        ? READY
        : {
            state: 'degraded',
            reason: `connections are refused: ${maxConnections} are open; end some or raise maxConnections`,
          },
  }
}

/** Ends connections from this side and reads what their peers had sent before they could see it. */
async function drain(connections: ReadonlySet<Connection>): Promise<void> {
  const begunAtMs = performance.now()
  for (const connection of connections) connection.finish()
  const isQuiet = ({ quietSinceMs }: Connection): boolean =>
    performance.now() - Math.max(quietSinceMs, begunAtMs) > QUIET_MS
  while (![...connections].every(isQuiet) && performance.now() - begunAtMs < DRAIN_MS) await delay(POLL_MS)
}

const QUIET_MS = 200
/** Well under what the host waits for a subscription to stop. */
const DRAIN_MS = 2000
const POLL_MS = 10
