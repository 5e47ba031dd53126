import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '@smart-gateway/core'
import { send } from '../burst/index.ts'
import { pace } from '../sleepy/index.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { collectdMessages } from './messages.ts'

const ROUNDS = 30
const REPEAT = 20
const BURST = 200
const SLOW_MS = 100

/** What a slow output that is optional does to the rate of another: nothing, beyond what two equal runs differ by. */
export async function neighbourFigures(): Promise<readonly Figure[]> {
  const messages = collectdMessages()
  const gateway = createGateway(
    {
      gateway: { state: join(tmpdir(), 'bench-state'), admin: { port: 0 }, logLevel: 'error', drain: '1s' },
      transports: { burst: { plugin: './burst' } },
      inputs: { collectd: { plugin: 'collectd', from: { transport: 'burst' } } },
      outputs: {
        prometheus: { plugin: 'prometheus', options: { port: 0 } },
        sleepy: { plugin: './sleepy', isolation: 'inline', required: false, queue: { max: '1MiB' } },
      },
    },
    { folder: join(import.meta.dirname, '..') },
  )
  await gateway.start()
  const rateWith = async (ms: number): Promise<number> => {
    pace.ms = ms
    const startedMs = performance.now()
    for (let i = 0; i < REPEAT; i++) await send(messages, BURST)
    return (messages.length * REPEAT) / (performance.now() - startedMs)
  }
  // The first has the optional output fast twice, the second slow once: A/A beside A/B, in turns.
  const same: number[] = []
  const slowed: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    // What the slow round before it left behind is no part of what is compared.
    await rateWith(0)
    const first = await rateWith(0)
    const second = await rateWith(0)
    const slow = await rateWith(SLOW_MS)
    if (round === 0) continue
    same.push((second / first) * 100)
    slowed.push((slow / ((first + second) / 2)) * 100)
  }
  const [input] = gateway.registry.inputs
  const { received, settled } = input!.intake.counts
  const dropped = gateway.registry.outputs.find(({ spec }) => spec.name === 'sleepy')!.queue.ledger.total
    .dropped
  await gateway.stop()
  if (dropped === 0) throw new Error('the slow output kept up: nothing was measured')
  const noise = median(same.map((percent) => Math.abs(percent - 100)))
  return [
    {
      name: `rate beside an optional output that takes ${SLOW_MS} ms for a write, of the rate beside a fast one`,
      value: median(slowed),
      unit: '%',
      target: { atLeast: 100 - noise },
      detail: `A/A ${spread(same, 1)} %, noise ${noise.toFixed(1)} points; A/B ${spread(slowed, 1)} %; lost ${received - settled} of ${received}, the slow one's queue dropped ${dropped} (counted)`,
    },
  ]
}
