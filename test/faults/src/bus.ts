import {
  ACK,
  BODY,
  CHANNEL_CLOSE,
  DELIVER,
  HEADER,
  METHOD,
  NACK,
  REJECT,
  frameReader,
  methodIn,
  readClose,
  readDeliver,
  readTag,
} from './amqp-frames.ts'
import type { Frame } from './amqp-frames.ts'
import { idsIn } from './line.ts'
import { startRoad } from './road.ts'
import type { Onlooker, Road } from './road.ts'

/** The way between gateway and broker, and the ledger of what went over it. */
export interface Bus extends Road {
  /** How often the broker delivered each id. */
  readonly delivered: ReadonlyMap<number, number>
  /** Ids that the broker delivered with the mark `redelivered`. */
  readonly redelivered: ReadonlySet<number>
  readonly acknowledged: ReadonlySet<number>
  /** Ids that were refused for good. */
  readonly rejected: ReadonlySet<number>
  /** Why the broker closed channels. */
  readonly channelEnds: readonly string[]
}

/** Starts the way to the broker. `onAck` is called before the broker knows. */
export async function startBus(brokerPort: number, onAck: (id: number) => void): Promise<Bus> {
  const delivered = new Map<number, number>()
  const redelivered = new Set<number>()
  const acknowledged = new Set<number>()
  const rejected = new Set<number>()
  const channelEnds: string[] = []

  function watch(): Onlooker {
    const open = new Map<number, Map<number, number>>()
    const arriving = new Map<number, Arriving>()
    const tagsOf = (channel: number): Map<number, number> => {
      const tags = open.get(channel) ?? new Map<number, number>()
      open.set(channel, tags)
      return tags
    }

    function fromBroker({ type, channel, payload }: Frame): void {
      if (type === METHOD && methodIn(payload) === DELIVER)
        arriving.set(channel, { ...readDeliver(payload), body: [], left: 0 })
      else if (type === METHOD && methodIn(payload) === CHANNEL_CLOSE) {
        const { code, text } = readClose(payload)
        channelEnds.push(`${code} ${text}`)
        open.delete(channel)
      } else if (type === HEADER) {
        const message = arriving.get(channel)
        if (message !== undefined) message.left = Number(payload.readBigUInt64BE(4))
      } else if (type === BODY) {
        const message = arriving.get(channel)
        if (message === undefined) return
        message.body.push(payload)
        message.left -= payload.length
        if (message.left > 0) return
        arriving.delete(channel)
        arrived(channel, message)
      }
    }

    function arrived(channel: number, message: Arriving): void {
      const [id] = idsIn(Buffer.concat(message.body).toString())
      if (id === undefined) return
      delivered.set(id, (delivered.get(id) ?? 0) + 1)
      if (message.redelivered) redelivered.add(id)
      tagsOf(channel).set(message.tag, id)
    }

    function fromGateway({ type, channel, payload }: Frame): void {
      if (type !== METHOD) return
      const method = methodIn(payload)
      if (method === CHANNEL_CLOSE) open.delete(channel)
      if (method !== ACK && method !== NACK && method !== REJECT) return
      const { tag, bits } = readTag(payload)
      const multiple = method !== REJECT && (bits & 1) === 1
      const requeue = method === ACK ? false : (method === REJECT ? bits & 1 : bits & 2) !== 0
      for (const id of take(tagsOf(channel), tag, multiple)) {
        if (method !== ACK) {
          if (!requeue) rejected.add(id)
          continue
        }
        acknowledged.add(id)
        onAck(id)
      }
    }

    return { toClient: frameReader(fromBroker), toServer: frameReader(fromGateway) }
  }

  const road = await startRoad(brokerPort, watch)
  return Object.assign(road, { delivered, redelivered, acknowledged, rejected, channelEnds })
}

interface Arriving {
  readonly tag: number
  readonly redelivered: boolean
  readonly body: Buffer[]
  left: number
}

/** Takes the ids that a tag, and with `multiple` all before it, stand for. */
function take(tags: Map<number, number>, upTo: number, multiple: boolean): readonly number[] {
  const ids: number[] = []
  // Tags grow, and a Map keeps the order in which they came.
  for (const [tag, id] of tags) {
    if (tag > upTo) break
    if (!multiple && tag !== upTo) continue
    ids.push(id)
    tags.delete(tag)
  }
  return ids
}
