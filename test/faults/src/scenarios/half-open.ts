import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

/** Connections over which nothing comes any more and which nobody closes: to the store, then to the broker. */
export const halfOpen = (guard: Guard): Scenario => ({
  name: `connections half-open, ${guard}`,
  outputs: besideHealthy({ store: 'elasticsearch', guard, options: 'requestTimeoutMs: 1000' }),
  bus: 'heartbeatMs: 1000',
  lostAnswers: true,
  async harm({ storeOf, wait, full, bus }) {
    const { road } = storeOf('harmed')
    let toStore = 0
    let toBroker = 0
    for (let i = 0; i < (full ? 6 : 1); i++) {
      toStore += road.silence()
      await wait(3000)
      toBroker += bus.silence()
      await wait(5000)
    }
    const done = {
      'silent ways to the store': toStore,
      'silent ways to the broker': toBroker,
      'bytes that the store never had': road.counts.swallowed,
      'bytes that the broker sent in vain': bus.counts.swallowed,
    }
    return { done }
  },
})
