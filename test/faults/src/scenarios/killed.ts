import { besideHealthy } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** The gateway is killed again and again, at random moments, while the store behind a disk queue comes and goes. */
export const killed: Scenario = {
  name: 'gateway killed',
  outputs: besideHealthy({ store: 'elasticsearch', guard: 'disk' }),
  // What a kill cuts may be in the store already.
  lostAnswers: true,
  async harm(stage) {
    const kills = stage.full ? 50 : 5
    const errors = stage.storeOf('harmed').misbehave({ status: 503 })
    for (let i = 0; i < kills; i++) {
      if (i === Math.ceil(kills / 2)) errors.stop()
      await stage.wait(stage.random() * (stage.full ? 1500 : 800))
      await stage.kill()
    }
    return { done: { kills: stage.kills, redelivered: stage.bus.redelivered.size, '503s': errors.hits } }
  },
}
