import { readFileSync } from 'node:fs'
import type { Scenario } from '../scenario.ts'

/**
 * The gateway's process gets no time, for longer than its outputs' patience, and in the long form than the broker's. Stores that
 * take a moment for each answer make sure that answers come while it is stopped: they are there when it goes on, so nothing is
 * written twice.
 */
export const frozen: Scenario = {
  name: 'gateway frozen',
  outputs: [
    {
      name: 'healthy',
      store: 'elasticsearch',
      healthy: true,
      guard: 'required',
      options: 'requestTimeoutMs: 2000',
    },
    { name: 'harmed', store: 'loki', healthy: false, guard: 'disk', options: 'timeoutMs: 2000' },
    { name: 'wavering', store: 'loki', healthy: false, guard: 'disk', wavers: true },
  ],
  bus: 'heartbeatMs: 5000',
  async harm({ gateway, storeOf, wait, full }) {
    const slow = ['healthy', 'harmed'].map((output) => storeOf(output).misbehave({ delayMs: 300 }))
    await wait(1000)
    gateway.kill('SIGSTOP')
    await wait(100)
    const stopped = /^State:\s+T/m.test(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))
    await wait(full ? 30_000 : 3000)
    gateway.kill('SIGCONT')
    for (const answers of slow) answers.stop()
    // Long enough for lines to meet the output that wavers, where there is one.
    await wait(full ? 5000 : 1000)
    return {
      done: {
        'times that the process was stopped': Number(stopped),
        'slow answers': Math.min(...slow.map(({ hits }) => hits)),
      },
    }
  },
}
