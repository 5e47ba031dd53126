import { readFileSync } from 'node:fs'
import { besideHealthy } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'

/** The gateway's process gets no time, for longer than the broker's patience in the long form. */
export const frozen: Scenario = {
  name: 'gateway frozen',
  outputs: besideHealthy({ store: 'loki', guard: 'disk' }),
  bus: 'heartbeatMs: 5000',
  lostAnswers: true,
  async harm({ gateway, wait, full }) {
    gateway.kill('SIGSTOP')
    await wait(100)
    const stopped = /^State:\s+T/m.test(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))
    await wait(full ? 30_000 : 3000)
    gateway.kill('SIGCONT')
    // Long enough for lines to meet the output that wavers, where there is one.
    await wait(full ? 5000 : 1000)
    return { done: { 'times that the process was stopped': Number(stopped) } }
  },
}
