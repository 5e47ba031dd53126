import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

/** A store that says 429 and when to come again. */
export const busy = (guard: Guard): Scenario => ({
  name: `store says 429, ${guard}`,
  outputs: besideHealthy({ store: 'loki', guard }),
  keepsRate: guard !== 'required',
  async harm({ storeOf, wait, full }) {
    const store = storeOf('harmed')
    const stored = (): number => store.copies().size
    const flaws: string[] = []
    let hits = 0
    for (let i = 0; i < (full ? 10 : 2); i++) {
      const busy = store.misbehave({ status: 429, headers: { 'retry-after': '2' }, times: 1 })
      while (busy.hits === 0) await wait(10)
      const before = stored()
      await wait(1500)
      if (stored() > before) flaws.push('a line came sooner than Retry-After says')
      hits += busy.hits
      await wait(1000)
    }
    return { done: { '429s': hits }, flaws }
  },
})
