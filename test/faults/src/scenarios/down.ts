import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

/** A store to which nobody can connect. */
export const down = (guard: Guard): Scenario => ({
  name: `store down, ${guard}`,
  outputs: besideHealthy({ store: 'elasticsearch', guard }),
  keepsRate: guard !== 'required',
  lostAnswers: true,
  async harm({ storeOf, wait, full, gateway }) {
    const { road } = storeOf('harmed')
    await road.close()
    await wait(full ? 30_000 : 4000)
    const { state } = await gateway.instance('harmed')
    await road.open()
    return { done: { 'times that the gateway saw it': Number(state === 'degraded') } }
  },
})
