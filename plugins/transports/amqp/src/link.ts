import { connect } from 'amqplib'
import type { Channel, ChannelModel, SocketOptions } from 'amqplib'
import { connectFailure, lostFailure } from './failure.ts'
import type { Target } from './target.ts'

const CLOSE_DEADLINE_MS = 2000

/** One connection to the broker. */
export interface Link {
  readonly label: string
  /** Opens a channel. `lost` is called once if it ends unasked while the connection lives. */
  openChannel(lost: (error: Error) => void): Promise<Channel>
  /** Resolves when the broker has had everything that was sent on the channel. */
  closeChannel(channel: Channel): Promise<void>
  /** Closes its channels, then itself, within a deadline. Calling it twice is fine. */
  close(): Promise<void>
}

/** Connects. `lost` is called once if the connection ends unasked; `signal` ends it at any time without that. */
export async function openLink(
  target: Target,
  signal: AbortSignal,
  lost: (error: Error) => void,
): Promise<Link> {
  const { label } = target
  signal.throwIfAborted()
  // Destroys the socket whatever amqplib waits for: it has no such call of its own.
  const socket = new AbortController()
  const leave = () => socket.abort()
  signal.addEventListener('abort', leave, { once: true })
  const model = await connectWithin(target, socket, signal).catch((error: Error) => {
    signal.removeEventListener('abort', leave)
    throw error
  })

  /** Each open channel, with the promise of its end. */
  const channels = new Map<Channel, Promise<void>>()
  const unwanted = new WeakSet<Channel>()
  let failure = new Error('the broker closed the connection')
  let ended = false
  let closing: Promise<void> | undefined
  model.on('error', (error: Error) => void (failure = error))
  const closed = new Promise<void>((resolve) => {
    model.on('close', (reason?: Error) => {
      ended = true
      signal.removeEventListener('abort', leave)
      socket.abort() // amqplib only half-closes it, which a dead peer never answers.
      resolve()
      if (closing === undefined && !signal.aborted)
        lost(lostFailure(`the connection to ${label}`, reason ?? failure))
    })
  })

  async function closeChannel(channel: Channel): Promise<void> {
    const channelClosed = channels.get(channel)
    if (channelClosed === undefined) return
    if (!unwanted.has(channel)) {
      unwanted.add(channel)
      // Of amqplib's two signals only the event comes when the connection dies meanwhile.
      channel.close().catch(() => undefined)
    }
    await channelClosed
  }

  return {
    label,
    closeChannel,

    async openChannel(channelLost) {
      const channel = await model.createChannel()
      let channelFailure = new Error('the broker closed the channel')
      channel.on('error', (error: Error) => void (channelFailure = error))
      const channelClosed = new Promise<void>((resolve) => {
        channel.on('close', () => {
          channels.delete(channel)
          resolve()
          if (unwanted.has(channel)) return
          // A dying connection closes its channels first, in the same turn.
          queueMicrotask(() => {
            if (!ended) channelLost(channelFailure)
          })
        })
      })
      channels.set(channel, channelClosed)
      return channel
    },

    close() {
      return (closing ??= ended ? Promise.resolve() : closeWithin())
    },
  }

  async function closeWithin(): Promise<void> {
    const deadline = setTimeout(leave, CLOSE_DEADLINE_MS)
    // The connection's own frames overtake those of its channels: acknowledgements are through only when a channel is closed.
    await Promise.all([...channels.keys()].map(closeChannel))
    model.close().catch(() => undefined)
    await closed
    clearTimeout(deadline)
  }
}

async function connectWithin(
  target: Target,
  socket: AbortController,
  signal: AbortSignal,
): Promise<ChannelModel> {
  let late = false
  const deadline = setTimeout(() => {
    late = true
    socket.abort()
  }, target.timeoutMs)
  try {
    const options: SocketOptions & { signal: AbortSignal } = { ...target.socket, signal: socket.signal }
    return await connect(target.connect, options)
  } catch (error) {
    signal.throwIfAborted()
    throw connectFailure(target.label, late ? timeout(target.timeoutMs) : (error as Error))
  } finally {
    clearTimeout(deadline)
  }
}

function timeout(ms: number): Error {
  return Object.assign(new Error(`no answer within ${ms} ms`), { code: 'ETIMEDOUT' })
}
