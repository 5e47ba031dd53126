import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

/** A store that takes its time for every batch. */
export const slow = (guard: Guard): Scenario => ({
  name: `store slow, ${guard}`,
  outputs: besideHealthy({ store: 'loki', guard }),
  keepsRate: guard !== 'required',
  async harm({ storeOf, wait, full }) {
    const delays = storeOf('harmed').misbehave({ delayMs: 1500 })
    await wait(full ? 30_000 : 5000)
    delays.stop()
    return { done: { 'slow answers': delays.hits } }
  },
})
