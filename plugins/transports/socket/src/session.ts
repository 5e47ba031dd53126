import { permanent } from '@smart-gateway/sdk'
import type { Context, SocketService, TransportSession } from '@smart-gateway/sdk'
import { connectionReceiver } from './connections.ts'
import { countersOf } from './counters.ts'
import { makeCourier } from './courier.ts'
import { datagramReceiver } from './datagrams.ts'
import type { SocketOptions } from './options.ts'
import { makeOutages } from './outages.ts'
import { CONNECTION } from './window.ts'

/** Binds the address. One input takes what arrives there. */
export async function openSession(context: Context<SocketOptions>): Promise<TransportSession> {
  const { protocol } = context.options
  const counters = countersOf(context.metrics)
  const outages = makeOutages(context.log)
  const receiver = RECEIVERS[protocol]({ context, counters, outages })
  let place: SocketService | undefined = await receiver.bind()
  let address = `${protocol}://${place.address}`
  let subscriber: { readonly input: string; stop(): Promise<void> } | undefined

  const lost = (error: Error): void => {
    counters.messagesLost.inc(1, { reason: 'given back' })
    outages.tell(
      'messages lost: given back',
      1,
      () => `${address}: lost a message that the gateway gave back: ${error.message}`,
    )
  }

  const letGo = async (): Promise<void> => {
    await place?.close()
    place = undefined
  }

  return {
    get address() {
      return address
    },
    health: () => receiver.health(),

    async subscribe(_, intake, { input }) {
      if (subscriber !== undefined)
        throw permanent(
          `${address} already belongs to the input ${subscriber.input}: give ${input} a socket transport of its own`,
        )
      const courier = makeCourier(intake, TRIES[protocol], lost)
      let stopping: Promise<void> | undefined
      const own = { input, stop: () => (stopping ??= stop()) }
      const stop = async (): Promise<void> => {
        // Whoever connects or sends from then on waits for the next generation, or is refused where there is none.
        await receiver.stop(letGo)
        courier.end()
        subscriber = undefined
      }
      subscriber = own
      try {
        // An earlier subscription of this session took the address with it.
        place ??= await receiver.bind()
      } catch (error) {
        subscriber = undefined
        throw error
      }
      address = `${protocol}://${place.address}`
      return {
        address,
        ...(protocol === 'tcp' ? { credit: CONNECTION.messages } : {}),
        start: () => receiver.start(courier),
        stop: own.stop,
      }
    },

    async stop() {
      await subscriber?.stop()
      await letGo()
      receiver.end()
      outages.end()
    },
  }
}

const RECEIVERS = { udp: datagramReceiver, tcp: connectionReceiver }

/** How often a message is handed in. A connection can wait for one, a datagram's socket cannot. */
const TRIES = { udp: 1, tcp: 5 }
