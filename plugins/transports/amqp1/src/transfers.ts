/* oxlint-disable no-underscore-dangle -- the names are rhea's */
import type { Connection, Receiver } from 'rhea'

/** The message that is just being handed over by rhea, beside what rhea says of it. */
export interface Arrival {
  /** What it costs to keep. */
  readonly bytes: number
  /** Why its content is missing: its sender took it back, it is too large, or too many are under way at once. */
  readonly missing?: Missing
}
export type Missing = 'aborted' | 'oversize' | 'crowded'

/** What a connection's peer may do. */
export interface Limits {
  readonly maxMessageBytes: number
  readonly room: Room
  /** Whether it may send without credit, as RabbitMQ 3 does now and then. */
  readonly overdraft: boolean
}

/** The memory that unfinished messages of several connections share. */
export interface Room {
  bytes: number
}

export interface Transfers {
  /** The message whose event is being dispatched. */
  readonly current: Arrival
  /** The link is gone, and with it what it had begun. */
  forget(link: Receiver): void
  forgetAll(): void
}

/**
 * Bounds what rhea gathers of messages that come in several frames, and checks what it takes for granted: delivery ids, credit,
 * that a message may be aborted. A message that is too large is counted to its end and its bytes are dropped, so that it alone
 * is refused, and not its link.
 */
export function watchTransfers(
  connection: Connection,
  { maxMessageBytes, room, overdraft }: Limits,
): Transfers {
  const rhea = connection as unknown as Internals
  const handOver = rhea.on_transfer
  const unfinished = new Map<Link, Part>()
  let current: Arrival = { bytes: 0 }

  rhea.on_transfer = (frame) => {
    const { performative } = frame
    const link = rhea.remote_channel_map[frame.channel]?.remote.handles[performative.handle]
    if (link === undefined || link.is_sender()) throw new Error('a transfer on a link that does not take any')
    let part = unfinished.get(link)
    if (part === undefined) {
      if (typeof performative.delivery_id !== 'number') throw new Error('a delivery without an id')
      if (!(link.credit > 0)) {
        if (!overdraft) throw new Error('a delivery without credit')
        link.credit = 1 // rhea writes a complaint to stderr otherwise.
      }
      part = { bytes: 0, cost: 0, missing: undefined }
      if (performative.more) unfinished.set(link, part)
    }
    gather(part, link, frame)
    if (!performative.more) {
      unfinished.delete(link)
      room.bytes += part.cost
      current =
        part.missing === undefined
          ? { bytes: part.bytes + MESSAGE_OVERHEAD_BYTES }
          : { bytes: 0, missing: part.missing }
    }
    handOver.call(connection, frame)
  }

  const gather = (part: Part, link: Link, frame: Frame): void => {
    const { performative, payload = EMPTY } = frame
    part.bytes += payload.length
    if (performative.aborted) {
      part.missing = 'aborted'
      performative.more = false
    } else if (part.bytes > maxMessageBytes) part.missing ??= 'oversize'
    else if (performative.more) {
      const cost = payload.length + FRAME_OVERHEAD_BYTES
      part.cost += cost
      room.bytes -= cost
      if (room.bytes < 0) part.missing ??= 'crowded'
    }
    const begun = link._incomplete
    if (part.missing === undefined) frame.payload = payload
    else if (begun === undefined) frame.payload = EMPTY
    else {
      begun.frames = []
      frame.payload = undefined
    }
    if (part.missing !== undefined) {
      room.bytes += part.cost
      part.cost = 0
    }
  }

  const forget = (link: Link): void => {
    room.bytes += unfinished.get(link)?.cost ?? 0
    unfinished.delete(link)
  }

  return {
    get current() {
      return current
    },
    forget: (link) => forget(link as unknown as Link),
    forgetAll: () => Array.from(unfinished.keys(), forget),
  }
}

/** What a piece of a message costs beside its bytes, and what a whole one does. */
const FRAME_OVERHEAD_BYTES = 256
const MESSAGE_OVERHEAD_BYTES = 512
const EMPTY = Buffer.alloc(0)

/** A message as far as it has come. */
interface Part {
  bytes: number
  /** What it took of the room. */
  cost: number
  missing: Missing | undefined
}

/** What is used of rhea beyond its typings. */
interface Internals {
  readonly remote_channel_map: Record<number, { remote: { handles: Record<number, Link> } }>
  on_transfer(frame: Frame): void
}
interface Link {
  credit: number
  readonly _incomplete?: { frames: Buffer[] }
  is_sender(): boolean
}
interface Frame {
  readonly channel: number
  payload: Buffer | undefined
  readonly performative: {
    readonly handle: number
    readonly delivery_id?: number | null
    readonly aborted?: boolean
    more: boolean
  }
}
