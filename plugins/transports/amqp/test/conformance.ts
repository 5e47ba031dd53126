import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'
import { Wiretap } from './wiretap.ts'

/** The URL of a broker in which queues may be made; without one the core profile runs. */
const url = process.env['CONFORMANCE_AMQP_URL']

/** A queue of a real broker, and a way there on which is heard what the consumer says of each message. */
async function setup() {
  const connection = await connect(url!)
  connection.on('error', () => undefined)
  const channel = await connection.createConfirmChannel()
  const queue = `conformance-${randomUUID()}`
  await channel.assertQueue(queue, { durable: false })
  const tapped = new URL(url!)
  const tap = await Wiretap.to(tapped.hostname, Number(tapped.port || 5672))
  tapped.host = `127.0.0.1:${tap.port}`
  return {
    options: { url: tapped.href },
    subscription: { queue, prefetch: 50 },
    async produce(texts: readonly string[]) {
      for (const text of texts) channel.sendToQueue(queue, Buffer.from(text))
      await channel.waitForConfirms()
    },
    fate: (text: string) => tap.fate(text),
    faults: { down: () => tap.down(), hang: () => tap.hang(), heal: () => tap.heal() },
    async close() {
      tap.down()
      await channel.deleteQueue(queue)
      await connection.close()
    },
  }
}

export default url === undefined ? {} : { setup }
