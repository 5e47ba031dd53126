import { randomUUID } from 'node:crypto'
import { connect } from 'amqplib'

/** The URL of a broker in which queues may be made; without one the core profile runs. */
const url = process.env['CONFORMANCE_AMQP_URL']

/** A queue of a real broker. No broker tells a producer what its consumers said of a message, so the peer tells no fate. */
async function setup() {
  const connection = await connect(url!)
  connection.on('error', () => undefined)
  const channel = await connection.createConfirmChannel()
  const queue = `conformance-${randomUUID()}`
  await channel.assertQueue(queue, { durable: false })
  return {
    options: { url: url! },
    subscription: { queue, prefetch: 50 },
    async produce(texts: readonly string[]) {
      for (const text of texts) channel.sendToQueue(queue, Buffer.from(text))
      await channel.waitForConfirms()
    },
    async close() {
      await channel.deleteQueue(queue)
      await connection.close()
    },
  }
}

export default url === undefined ? {} : { setup }
