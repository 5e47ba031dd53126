import { once } from 'node:events'
import rhea from 'rhea'
import type { Connection, ConnectionOptions, Delivery, EventContext, Sender } from 'rhea'

/** A producer: a rhea client that keeps what it is told about its messages. */
export interface Producer {
  readonly connection: Connection
  readonly sender: Sender
  /** `accepted`, `released`, or `rejected` with the condition and the description, in the order in which they came. */
  readonly outcomes: string[]
  /** Why the link was closed, once it is. */
  readonly refusals: string[]
  send(message: object, tag?: string): Delivery
}

export function connectTo(port: number, options: object = {}): Connection {
  const connection = rhea.create_container().connect({
    host: 'localhost',
    port,
    reconnect: false,
    username: 'anonymous',
    ...options,
  } as ConnectionOptions)
  for (const event of ['disconnected', 'error', 'protocol_error', 'connection_error']) {
    connection.on(event, () => undefined)
  }
  return connection
}

/** Connects and attaches a sender; without a target address each message names its own. */
export async function produce(
  port: number,
  address: string | undefined,
  options: { connection?: object; link?: object } = {},
): Promise<Producer> {
  const connection = connectTo(port, options.connection)
  const sender = connection.open_sender({
    target: address === undefined ? {} : { address },
    treat_modified_as_released: false,
    ...options.link,
  } as Parameters<Connection['open_sender']>[0])
  const outcomes: string[] = []
  const refusals: string[] = []
  for (const outcome of ['accepted', 'released', 'modified', 'rejected']) {
    sender.on(outcome, ({ delivery }: EventContext) => {
      const error = delivery?.remote_state?.['error'] as
        | { condition: string; description: string }
        | undefined
      outcomes.push(error ? `${outcome} ${error.condition} ${error.description}` : outcome)
    })
  }
  sender.on('sender_error', () => {
    const { condition, description } = sender.error as { condition: string; description: string }
    refusals.push(`${condition} ${description}`)
  })
  sender.on('sender_close', () => undefined)
  await once(sender, 'sender_open')
  return {
    connection,
    sender,
    outcomes,
    refusals,
    send: (message, tag) => sender.send(message as never, tag),
  }
}
