import { connect } from 'amqplib'
import type { Drain, Drained } from './broker.ts'

const ACK_EVERY = 100

process.once('message', async ({ url, queue, messages, warmUp, prefetch }: Drain) => {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  await channel.prefetch(prefetch)
  let settled = 0
  let startedMs = 0
  let cpu = process.cpuUsage()
  await channel.consume(queue, (message) => {
    if (message === null) return
    if (settled === warmUp) {
      startedMs = performance.now()
      cpu = process.cpuUsage()
    }
    if (++settled % ACK_EVERY === 0) channel.ack(message, true)
    if (settled < warmUp + messages) return
    const { user, system } = process.cpuUsage(cpu)
    const drained: Drained = {
      settled: messages,

      ms: performance.now() - startedMs,
      cpuMs: (user + system) / 1000,
    }
    process.send?.(drained, () => void connection.close().then(() => process.disconnect?.()))
  })
})
