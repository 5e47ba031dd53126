import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

/** A store that comes and goes, at random. */
export const flapping = (guard: Guard): Scenario => ({
  name: `store flapping, ${guard}`,
  outputs: besideHealthy({ store: 'elasticsearch', guard }),
  keepsRate: guard !== 'required',
  lostAnswers: true,
  async harm({ storeOf, wait, full, random }) {
    const store = storeOf('harmed')
    let hits = 0
    let cuts = 0
    for (let i = 0; i < (full ? 40 : 6); i++) {
      const errors = store.misbehave({ status: 503 })
      await wait(200 + random() * 300)
      errors.stop()
      hits += errors.hits
      await store.road.close()
      await wait(100 + random() * 200)
      await store.road.open()
      await wait(200 + random() * 300)
      cuts++
    }
    return { done: { '503s': hits, cuts } }
  },
})
