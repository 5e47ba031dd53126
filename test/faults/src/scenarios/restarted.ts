import { besideHealthy } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** The gateway ends and starts again, as for an upgrade, while the store behind a disk queue is away: what waits is there again. */
export const restarted: Scenario = {
  name: 'gateway restarted',
  outputs: besideHealthy({ store: 'elasticsearch', guard: 'disk' }),
  async harm(stage) {
    const errors = stage.storeOf('harmed').misbehave({ status: 503 })
    let recovered = 0
    for (let i = 0; i < (stage.full ? 10 : 2); i++) {
      await stage.wait(1000)
      await stage.restart()
      if (stage.gateway.stderr().includes('records of an earlier run')) recovered++
    }
    errors.stop()
    return {
      done: { restarts: stage.restarts, 'times that records of an earlier run were found': recovered },
    }
  },
}
