import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '@smart-gateway/core'
import type { Drain, Drained } from './broker.ts'

/** The gateway writes nothing here: no disk queue, no swap. */
const STATE = join(tmpdir(), 'bench-state')

process.once('message', async ({ url, queue, messages, warmUp, prefetch }: Drain) => {
  const gateway = createGateway(
    {
      gateway: { state: STATE, admin: { port: 0 }, logLevel: 'error' },
      transports: { bus: { plugin: 'amqp', options: { url } } },
      inputs: { collectd: { plugin: 'collectd', from: { transport: 'bus', queue, prefetch } } },
      outputs: { prometheus: { plugin: 'prometheus', options: { port: 0 } } },
    },
    { folder: import.meta.dirname },
  )
  const { counts } = gateway.registry.inputs[0]!.intake
  await gateway.start()
  let startedMs = 0
  let cpu = process.cpuUsage()
  let before = 0
  // Looks every millisecond: both ends of the measured time are that exact.
  const timer = setInterval(() => {
    if (before === 0 && counts.settled >= warmUp) {
      before = counts.settled
      startedMs = performance.now()
      cpu = process.cpuUsage()
    }
    if (counts.settled < warmUp + messages) return
    clearInterval(timer)
    const { user, system } = process.cpuUsage(cpu)
    const drained: Drained = {
      settled: counts.settled - before,
      ms: performance.now() - startedMs,
      cpuMs: (user + system) / 1000,
    }
    process.send?.(drained, () => void gateway.stop().then(() => process.disconnect?.()))
  }, 1)
})
