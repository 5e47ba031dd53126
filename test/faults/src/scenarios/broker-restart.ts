import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

/** RabbitMQ ends and starts again while the store is so slow that messages are under way. */
export const brokerRestart = (guard: Guard): Scenario => ({
  name: `broker restart, ${guard}`,
  outputs: besideHealthy({ store: 'elasticsearch', guard }),
  async harm({ storeOf, wait, broker, bus, full }) {
    for (let i = 0; i < (full ? 3 : 1); i++) {
      const slow = storeOf('harmed').misbehave({ delayMs: 700 })
      await wait(1500)
      await broker.restart()
      await wait(2500)
      slow.stop()
    }
    return { done: { 'connections made anew': bus.counts.made - 1 } }
  },
})
