import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

const ONE_IN = 50

/** A store that refuses one line in so many for good. */
export const refusing = (guard: Guard): Scenario => ({
  name: `store refuses 1 in ${ONE_IN}, ${guard}`,
  outputs: besideHealthy({ store: 'elasticsearch', guard }),
  keepsRate: guard !== 'required',
  async harm({ storeOf, wait, full }) {
    const { refused } = storeOf('harmed').refuse((id) => id % ONE_IN === 0)
    await wait(full ? 20_000 : 5000)
    return { done: { refused: refused.size } }
  },
})
