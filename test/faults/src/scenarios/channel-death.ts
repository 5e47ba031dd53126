import { rabbitEval } from '../rabbit-eval.ts'
import { besideHealthy } from '../scenario.ts'
import type { Guard, Scenario } from '../scenario.ts'

/** The broker closes the channel because a message waits too long for its acknowledgement. */
export const channelDeath = (guard: Guard): Scenario => ({
  name: `channel death, ${guard}`,
  outputs: besideHealthy({ store: 'elasticsearch', guard }),
  async prepare(broker) {
    // Holds for channels that open from now on. RabbitMQ looks once a minute by itself, which rabbitmq.conf cannot change.
    await rabbitEval(broker, setTimes(2000, 500))
    return () => rabbitEval(broker, setTimes(1_800_000, 60_000))
  },
  async harm({ storeOf, wait, bus, full, random }) {
    for (let i = 0; i < (full ? 5 : 1); i++) {
      const stuck = storeOf(guard === 'required' ? 'harmed' : 'healthy').misbehave({ status: 503 })
      await wait(5000 + random() * 2500)
      stuck.stop()
      await wait(1000)
    }
    const timeouts = bus.channelEnds.filter((end) => /timed out/.test(end))
    return { done: { 'channels that timed out': timeouts.length } }
  },
})

function setTimes(timeoutMs: number, tickMs: number): string {
  return `application:set_env(rabbit, consumer_timeout, ${timeoutMs}), application:set_env(rabbit, channel_tick_interval, ${tickMs}).`
}
